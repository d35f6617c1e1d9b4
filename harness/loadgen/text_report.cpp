#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/loadgen/figures.h"
#include "harness/loadgen/report.h"

namespace echolab::loadgen {
namespace {

std::string plural(std::uint64_t count, const std::string& noun, const std::string& several) {
  return fmt::format("{} {}", count, count == 1 ? noun : several);
}

std::string plural(std::uint64_t count, const std::string& noun) {
  return plural(count, noun, noun + "s");
}

std::string schedule_text(const Workload& workload) {
  const std::string rate = fmt::format("{:g} requests/s", *workload.rate);
  if (workload.arrivals == Arrivals::kUniform) return rate + " at equal intervals";
  return fmt::format("{} at random (Poisson, seed {})", rate, workload.seed);
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
  if (workload.rate) line += fmt::format(", {}", schedule_text(workload));
  return line + ", " + plural(workload.threads, "thread");
}

std::string latency_line(const char* name, const Histogram& latency) {
  return fmt::format(
      "  {:<12} {:>9.1f} us {:>9.1f} us {:>9.1f} us {:>9.1f} us {:>9.1f} us {:>9.1f} us\n", name,
      latency.mean() / kMicrosecond, percentile_us(latency, 50), percentile_us(latency, 90),
      percentile_us(latency, 99), percentile_us(latency, 99.9), max_us(latency));
}

std::string open_loop_lines(const Tally& tally) {
  const OpenLoopTally& open = *tally.open_loop;
  std::string lines = latency_line("from due", tally.latency);
  lines += latency_line("from send", open.latency_from_send);
  lines += fmt::format(
      "  gap at p99   {:.1f} us: coordinated omission, which counting from the send would hide\n",
      coordinated_omission_us(tally));
  lines += fmt::format(
      "  schedule     {} due, {} owed at the end; the generator was {:.1f} us late "
      "at p99, {:.1f} us at most\n",
      open.offered, open.owed, percentile_us(open.schedule_lag, 99), max_us(open.schedule_lag));
  if (open.owed > 0) {
    lines +=
        "  warning      what is owed counts with the time it has waited, so far: the latencies "
        "are lower bounds\n";
  }
  return lines;
}

std::string latency_lines(const Tally& tally) {
  if (tally.latency.count() == 0) return "  latency      nothing measured\n";
  const std::string head = fmt::format("  latency      {:>12} {:>12} {:>12} {:>12} {:>12} {:>12}\n",
                                       "mean", "p50", "p90", "p99", "p99.9", "max");
  if (tally.open_loop) return head + open_loop_lines(tally);
  return head + latency_line("", tally.latency) +
         "  closed loop  blind to stalls: a server that stops is not asked; see --rate\n";
}

std::string rude_line(const Workload& workload, const RudeTally& rude) {
  std::vector<std::string> kinds;
  if (workload.slow_readers > 0) {
    kinds.push_back(fmt::format("{} ({} cut by the server)",
                                plural(workload.slow_readers, "slow reader"),
                                rude.slow_readers_cut));
  }
  if (workload.dribble > 0) {
    kinds.push_back(fmt::format("{} ({} cut, {} verified)", plural(workload.dribble, "dribbler"),
                                rude.dribblers_cut,
                                plural(rude.dribbled_echoes, "echo", "echoes")));
  }
  if (workload.resets_per_second > 0) kinds.push_back(plural(rude.resets, "reset"));
  return fmt::format("  rude company {}\n", fmt::join(kinds, ", "));
}

std::string client_bound_line(const Result& result) {
  return fmt::format(
      "  warning      client-bound: the limit was this generator, not the server; "
      "try --threads {}\n",
      result.workload.threads + 1);
}

}  // namespace

std::string text_report(const Result& result) {
  const Tally& tally = result.tally;
  std::string text = fmt::format("{}: {}\n", result.target, workload_line(result.workload));
  text += fmt::format(
      "  throughput   {:.0f} echoes/s ({} echoes in {:.3f} s, after {:g} s of warm-up)\n",
      result.echoes_per_second(), tally.echoes, result.seconds, in_seconds(result.workload.warmup));
  text += latency_lines(tally);
  if (result.effective_concurrency) {
    text += fmt::format("  concurrency  {:.2f} connections held at once, on average\n",
                        *result.effective_concurrency);
  }
  if (result.rude) text += rude_line(result.workload, *result.rude);
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

}  // namespace echolab::loadgen
