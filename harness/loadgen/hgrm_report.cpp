#include <iterator>

#include <fmt/format.h>

#include "harness/loadgen/figures.h"
#include "harness/loadgen/report.h"

namespace echolab::loadgen {

std::string hgrm_report(const Histogram& latency) {
  std::string text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile",
                                 "TotalCount", "1/(1-Percentile)");
  const auto out = std::back_inserter(text);
  for (const Histogram::Step& step : latency.percentile_steps()) {
    const double fraction = step.percentile / 100;
    fmt::format_to(out, "{:12.3f} {:.12f} {:10}", static_cast<double>(step.value) / kMicrosecond,
                   fraction, step.cumulative);
    if (fraction < 1) fmt::format_to(out, " {:14.2f}", 1 / (1 - fraction));
    text += '\n';
  }
  fmt::format_to(out, "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n",
                 latency.mean() / kMicrosecond, latency.standard_deviation() / kMicrosecond);
  fmt::format_to(out, "#[Max     = {:12.3f}, Total count    = {:12}]\n",
                 static_cast<double>(latency.max()) / kMicrosecond, latency.count());
  fmt::format_to(out, "#[Buckets = {:12}, SubBuckets     = {:12}]\n", Histogram::bucket_count(),
                 Histogram::sub_bucket_count());
  return text;
}

}  // namespace echolab::loadgen
