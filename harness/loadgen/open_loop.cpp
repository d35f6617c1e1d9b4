#include "harness/loadgen/open_loop.h"

namespace echolab::loadgen {
namespace {

std::uint64_t nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

OpenLoop::OpenLoop(const Workload& workload, unsigned worker, const Window& window, Tally& tally)
    : schedule_(workload, worker, window.begin, window.end),
      window_(window),
      tally_(tally),
      due_(workload.clients / workload.threads + 1) {
  tally_.open_loop.emplace();
}

std::optional<std::size_t> OpenLoop::arrive(Clock::time_point now) {
  if (over() || schedule_.next().due > now) return std::nullopt;
  const auto [due, client] = schedule_.next();
  schedule_.advance();
  due_[client].push_back(due);
  if (window_.contains(due)) {
    ++tally_.open_loop->offered;
    tally_.open_loop->schedule_lag.record(nanoseconds(now - due));
  }
  return client;
}

void OpenLoop::count_answer(std::size_t client, Clock::time_point sent, Clock::time_point now) {
  const Clock::time_point due = due_[client].front();
  due_[client].pop_front();
  if (!window_.contains(due)) return;
  tally_.latency.record(nanoseconds(now - due));
  tally_.open_loop->latency_from_send.record(nanoseconds(now - sent));
}

void OpenLoop::count_owed(Clock::time_point now) {
  for (auto& requests : due_) {
    for (const Clock::time_point due : requests) {
      if (!window_.contains(due)) continue;
      ++tally_.open_loop->owed;
      tally_.latency.record(nanoseconds(now - due));
    }
    requests.clear();
  }
}

}  // namespace echolab::loadgen
