// The steps of a Worker that only the open loop takes. In a file of their own they are not inlined
// into those that both take, and the closed loop does not pay for them.

#include <sys/prctl.h>

#include <algorithm>

#include "harness/loadgen/worker.h"

namespace echolab::loadgen {

void Worker::begin_schedule() {
  constexpr int kFew = 8;  // so that no request waits long while others' answers are dealt with
  events_at_once_ = kFew;
  open_loop_.emplace(workload_, index_, window_, tally_);
  // What the server could not be asked in time, it is asked after the window, but not for ever.
  ask_until_ = window_.end + workload_.patience;
  // By default, timers of a thread may expire 50 microseconds late (PR_SET_TIMERSLACK(2const)).
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

void Worker::follow_schedule(Clock::time_point until) {
  for (;;) {
    const Clock::time_point now = ask_what_is_due();
    const bool more_to_come = !open_loop_->over() && retired_ < connections_.size();
    if (now >= until || is_patience_over(now) || interrupted_) return;
    if (nothing_pending() && !more_to_come) return;
    const Clock::time_point next = more_to_come ? open_loop_->next_due() : until;
    handle_events(wait_limit(now, std::min(next, until)));
  }
}

Clock::time_point Worker::ask_what_is_due() {
  for (;;) {
    const Clock::time_point now = Clock::now();
    const auto client = open_loop_->arrive(now);
    if (!client) return now;
    Connection& connection = connections_[*client];
    guard(connection, [&] { ask_waiting(connection, now); });
  }
}

// Sends as many of a client's waiting requests as its connection has room for.
void Worker::ask_waiting(Connection& connection, Clock::time_point now) {
  const std::size_t waiting = open_loop_->unanswered(index_of(connection)) - connection.in_flight();
  if (waiting == 0) return;
  if (connection.state() == Connection::State::kOpen && !workload_.churn) {
    request(connection, std::min<std::size_t>(waiting, workload_.depth - connection.in_flight()),
            now);
  }
  if (connection.state() == Connection::State::kClosed && may_request(now)) open(connection, now);
}

// As count_answer, but latency counts for what was due within the window, whenever it is answered.
void Worker::count_due_answer(Connection& connection, Clock::time_point now) {
  open_loop_->count_answer(index_of(connection), connection.take_oldest_request(), now);
  --in_flight_;
  progress_ = now;
  ++tally_.total_echoes;
  if (window_.contains(now)) ++tally_.echoes;
}

std::size_t Worker::index_of(const Connection& connection) const {
  return static_cast<std::size_t>(&connection - connections_.data());
}

}  // namespace echolab::loadgen
