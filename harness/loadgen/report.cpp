#include "harness/loadgen/report.h"

#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace echolab::loadgen {
namespace {

constexpr double kMicrosecond = 1000;  // in nanoseconds, what a latency histogram counts

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double percentile_us(const Histogram& latency, double percentile) {
  return static_cast<double>(latency.value_at_percentile(percentile)) / kMicrosecond;
}

std::string plural(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string workload_line(const Workload& workload) {
  std::string line = fmt::format("{}, {} a request", plural(workload.clients, "client"),
                                 plural(workload.bytes, "byte"));
  if (workload.depth > 1) line += fmt::format(", {} in flight", workload.depth);
  if (workload.churn) line += ", a connection for each";
  if (workload.think > Duration(0)) {
    line += fmt::format(", {:g} ms of think time", in_seconds(workload.think) * 1e3);
  }
  if (workload.idle > 0) line += fmt::format(", {} idle", plural(workload.idle, "connection"));
  return line + ", " + plural(workload.threads, "thread");
}

std::string latency_lines(const Histogram& latency) {
  if (latency.count() == 0) return "  latency      nothing measured\n";
  std::string lines = fmt::format("  latency      {:>12} {:>12} {:>12} {:>12} {:>12} {:>12}\n",
                                  "mean", "p50", "p90", "p99", "p99.9", "max");
  lines += fmt::format(
      "               {:>9.1f} us {:>9.1f} us {:>9.1f} us {:>9.1f} us "
      "{:>9.1f} us {:>9.1f} us\n",
      latency.mean() / kMicrosecond, percentile_us(latency, 50), percentile_us(latency, 90),
      percentile_us(latency, 99), percentile_us(latency, 99.9),
      static_cast<double>(latency.max()) / kMicrosecond);
  return lines;
}

std::string client_bound_line(const Result& result) {
  return fmt::format(
      "  warning      client-bound: the limit was this generator, not the server; "
      "try --threads {}\n",
      result.workload.threads + 1);
}

nlohmann::ordered_json workload_json(const Workload& workload) {
  nlohmann::ordered_json json;
  json["clients"] = workload.clients;
  json["bytes"] = workload.bytes;
  json["depth"] = workload.depth;
  json["think_us"] = in_seconds(workload.think) * 1e6;
  json["churn"] = workload.churn;
  json["idle"] = workload.idle;
  json["threads"] = workload.threads;
  json["duration_seconds"] = nullptr;
  json["requests"] = nullptr;
  if (workload.requests) {
    json["requests"] = *workload.requests;
  } else {
    json["duration_seconds"] = in_seconds(workload.duration);
  }
  json["warmup_seconds"] = in_seconds(workload.warmup);
  return json;
}

void add_latency(nlohmann::ordered_json& json, const Histogram& latency) {
  const bool measured = latency.count() > 0;
  const auto add = [&](const char* name, double microseconds) {
    json[name] = measured ? nlohmann::ordered_json(microseconds) : nullptr;
  };
  add("mean_us", latency.mean() / kMicrosecond);
  add("p50_us", percentile_us(latency, 50));
  add("p90_us", percentile_us(latency, 90));
  add("p99_us", percentile_us(latency, 99));
  add("p999_us", percentile_us(latency, 99.9));
  add("max_us", static_cast<double>(latency.max()) / kMicrosecond);
}

void add_faults(nlohmann::ordered_json& json, const Faults& faults) {
  json["mismatches"] = faults.mismatches;
  json["surplus_bytes"] = faults.surplus_bytes;
  json["swapped"] = faults.swapped;
  json["early_closes"] = faults.early_closes;
  json["unanswered"] = faults.unanswered;
  json["connect_failures"] = faults.connect_failures;
}

}  // namespace

std::string text_report(const Result& result) {
  const Tally& tally = result.tally;
  std::string text = fmt::format("{}: {}\n", result.target, workload_line(result.workload));
  text += fmt::format(
      "  throughput   {:.0f} echoes/s ({} echoes in {:.3f} s, after {:g} s of warm-up)\n",
      result.echoes_per_second(), tally.echoes, result.seconds, in_seconds(result.workload.warmup));
  text += latency_lines(tally.latency);
  if (result.effective_concurrency) {
    text += fmt::format("  concurrency  {:.2f} connections held at once, on average\n",
                        *result.effective_concurrency);
  }
  text += fmt::format(
      "  generator    {:.2f} s of CPU time per million echoes; busiest thread "
      "{:.0f} % busy\n",
      result.client_cpu_seconds_per_million_echoes(), tally.busy * 100);
  if (result.client_bound()) text += client_bound_line(result);
  for (const std::string& reason : result.void_reasons) text += "  VOID         " + reason + "\n";
  if (result.void_reasons.empty()) {
    text += fmt::format("  verified     every byte of {} echoes\n", tally.total_echoes);
  }
  return text;
}

nlohmann::ordered_json json_report(const Result& result) {
  const Tally& tally = result.tally;
  nlohmann::ordered_json json;
  json["target"] = result.target;
  json["workload"] = workload_json(result.workload);
  json["seconds"] = result.seconds;
  json["echoes"] = tally.echoes;
  json["total_echoes"] = tally.total_echoes;
  json["driven_echoes"] = result.driven_echoes;
  json["echoes_per_second"] = result.echoes_per_second();
  add_latency(json, tally.latency);
  json["client_cpu_seconds"] = result.client_cpu_seconds;
  json["client_cpu_seconds_per_million_echoes"] = result.client_cpu_seconds_per_million_echoes();
  json["client_busy"] = tally.busy;
  json["client_bound"] = result.client_bound();
  json["clients_served"] = tally.served;
  json["effective_concurrency"] = nullptr;
  if (result.effective_concurrency) json["effective_concurrency"] = *result.effective_concurrency;
  add_faults(json, tally.faults);
  json["void"] = !result.void_reasons.empty();
  json["void_reasons"] = result.void_reasons;
  json["first_mismatch"] = nullptr;
  if (const std::string& first = tally.faults.first_mismatch; !first.empty()) {
    json["first_mismatch"] = first;
  }
  return json;
}

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
