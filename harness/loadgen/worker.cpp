#include "harness/loadgen/worker.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <string>

#include "common/system_error.h"
#include "harness/loadgen/connection_faults.h"

namespace echolab::loadgen {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
// Opening is paced, so that it overflows no listen backlog: that would cost a second a connection.
constexpr unsigned kOpeningAtOnce = 32;
// Bounds how long an interrupt goes unnoticed.
constexpr Duration kLongestWait = std::chrono::milliseconds(50);

// CPU time of the calling thread, in the kernel on its behalf included (clock_gettime(2)).
Duration thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

// This worker's part of the requests: as equal as can be, the remainder to the first ones.
std::uint64_t share_of_requests(const Workload& workload, unsigned index) {
  if (!workload.requests) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t rest = *workload.requests % workload.threads;
  return *workload.requests / workload.threads + (index < rest ? 1 : 0);
}

void watch(int epoll, int operation, Connection& connection, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll, operation, connection.fd(), &event) != 0) throw system_error("epoll_ctl");
}

}  // namespace

Worker::Worker(const Workload& workload, unsigned index, Target& target,
               const std::atomic<bool>& interrupted)
    : workload_(workload),
      target_(target),
      interrupted_(interrupted),
      index_(index),
      share_(share_of_requests(workload, index)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kBufferBytes) {
  if (!epoll_) throw system_error("epoll_create1");
  connections_.reserve(workload.clients / workload.threads + 1);
  for (unsigned number = index; number < workload.clients; number += workload.threads) {
    connections_.emplace_back(number, workload.bytes, workload.depth);
  }
}

void Worker::open_all() {
  loop(Clock::time_point::max());
  if (!interrupted_) tally_.faults.unanswered += in_flight_;
}

void Worker::drive(const Window& window) {
  window_ = window;
  ask_until_ = window.end;
  phase_ = Phase::kRunning;
  if (workload_.rate) {
    begin_schedule();
  } else {
    ask_all(Clock::now());
  }
  loop(window.start);
  const Duration cpu_at_start = thread_cpu_time();
  const Clock::time_point start = Clock::now();
  loop(window.end);
  const Duration cpu = thread_cpu_time() - cpu_at_start;
  const Clock::time_point end = Clock::now();
  tally_.busy = std::min(1.0, static_cast<double>(cpu.count()) /
                                  static_cast<double>(std::max(end - start, Duration(1)).count()));
  tally_.ended = open_loop_ && open_loop_->over() ? window_.end : window_end(end);
  if (open_loop_) {
    loop(ask_until_);
    open_loop_->stop();
  }
  if (!interrupted_) collect_answers();
  if (open_loop_) open_loop_->count_owed(Clock::now());
}

// The closed loop needs a first push, and goes on by itself.
void Worker::ask_all(Clock::time_point now) {
  for (Connection& connection : connections_) {
    if (connection.state() == Connection::State::kRetired) continue;
    guard(connection, [&] {
      if (workload_.churn) return open(connection, now);
      request(connection, workload_.depth, now);
    });
  }
}

void Worker::close_all() {
  if (interrupted_) return;
  for (Connection& connection : connections_) {
    if (connection.state() == Connection::State::kOpen) finish(connection, Clock::now());
  }
  loop(Clock::time_point::max());
  tally_.faults.left_open += finishing_;
}

// --- The loop

void Worker::loop(Clock::time_point until) {
  if (open_loop_) return follow_schedule(until);
  for (;;) {
    const Clock::time_point now = Clock::now();
    end_pauses(now, workload_.think);
    if (phase_ == Phase::kOpening) open_more(now);
    if (now >= until || nothing_pending() || is_patience_over(now) || interrupted_) return;
    handle_events(wait_limit(now, until));
  }
}

bool Worker::nothing_pending() const {
  return in_flight_ == 0 && finishing_ == 0 && pauses_.empty();
}

bool Worker::is_patience_over(Clock::time_point now) const {
  return in_flight_ + finishing_ > 0 && now - progress_ > workload_.patience;
}

Duration Worker::wait_limit(Clock::time_point now, Clock::time_point until) const {
  Duration limit = std::min<Duration>(until - now, kLongestWait);
  if (!pauses_.empty())
    limit = std::min<Duration>(limit, pauses_.front().began + workload_.think - now);
  return std::max(limit, Duration(0));
}

void Worker::handle_events(Duration limit) {
  std::array<epoll_event, kMostEvents> events;  // NOLINT(*-member-init): the kernel fills it
  const timespec timeout{0, limit.count()};     // below a second: see kLongestWait
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), events_at_once_, &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw system_error("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
    guard(connection, [&] {
      // First what the server said, and only then whether it still listens: an answer that a reset
      // follows is an answer.
      const bool writable_only = events[i].events == EPOLLOUT;
      if (!writable_only) receive(connection);
      if ((events[i].events & EPOLLOUT) != 0) flush(connection);
    });
  }
}

// --- A client's life

void Worker::open(Connection& connection, Clock::time_point now) {
  connection.open(target_);
  watch(epoll_.get(), EPOLL_CTL_ADD, connection, EPOLLIN);
  expect_answer(now);
  connection.issue(now);
  // On loopback the handshake is over by now, and the request can leave with it.
  flush(connection);
}

void Worker::request(Connection& connection, std::size_t count, Clock::time_point now) {
  for (; count > 0 && may_request(now); --count) {
    expect_answer(now);
    connection.issue(now);
  }
  flush(connection);
}

// Sends what it can, and has epoll tell when there is room for the rest.
void Worker::flush(Connection& connection) {
  const bool all_sent = connection.send(buffer_);
  if (!connection.await_room(!all_sent)) return;
  watch(epoll_.get(), EPOLL_CTL_MOD, connection, all_sent ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void Worker::receive(Connection& connection) {
  const auto received = connection.receive(buffer_);
  if (!received) return;
  const Clock::time_point now = Clock::now();
  if (received->empty()) return end_of_stream(connection, now);
  const bool served_before = connection.served();
  const Connection::Checked checked = connection.check(*received);
  for (std::size_t i = 0; i < checked.answers; ++i) count_answer(connection, now);
  if (!served_before && connection.served()) ++tally_.served;
  if (!checked.intact || checked.surplus > 0) return reject(connection, *received, checked);
  if (checked.answers > 0) after_answers(connection, checked.answers, now);
}

// An answer that was still due when the window closed is no part of its throughput, but its latency
// counts: else a server would hide its slowest answers behind the end.
void Worker::count_answer(Connection& connection, Clock::time_point now) {
  if (open_loop_) return count_due_answer(connection, now);
  const Duration latency = now - connection.take_oldest_request();
  --in_flight_;
  progress_ = now;
  ++tally_.total_echoes;
  if (now < window_.start) return;
  tally_.latency.record(static_cast<std::uint64_t>(latency.count()));
  if (now > window_.end || tally_.echoes == share_) return;
  ++tally_.echoes;
  last_echo_ = now;
}

void Worker::after_answers(Connection& connection, std::size_t answers, Clock::time_point now) {
  if (phase_ != Phase::kRunning) {
    if (workload_.churn) finish(connection, now);
  } else if (workload_.think > Duration(0)) {
    pauses_.insert(pauses_.end(), answers, {now, &connection});
  } else if (workload_.churn) {
    finish(connection, now);
  } else if (open_loop_) {
    ask_waiting(connection, now);
  } else {
    request(connection, answers, now);
  }
}

void Worker::end_pause(const Pause& pause, Clock::time_point now) {
  Connection& connection = *pause.connection;
  if (connection.state() != Connection::State::kOpen) return;
  if (!workload_.churn) return request(connection, 1, now);
  if (tally_.echoes == share_) last_echo_ = now;
  const Clock::time_point held_since = std::max(pause.began, window_.start);
  const Clock::time_point held_until = window_end(now);
  tally_.held += std::max(held_until - held_since, Clock::duration(0));
  finish(connection, now);
}

void Worker::finish(Connection& connection, Clock::time_point now) {
  if (in_flight_ + finishing_ == 0) progress_ = now;
  ++finishing_;
  connection.finish();
}

void Worker::end_of_stream(Connection& connection, Clock::time_point now) {
  if (connection.state() != Connection::State::kFinishing) return close_early(connection, "closed");
  progress_ = now;
  --finishing_;
  connection.close(Connection::State::kClosed);
  if (open_loop_) {
    ask_waiting(connection, now);
  } else if (workload_.churn && may_request(now)) {
    open(connection, now);
  }
}

// --- What can go wrong

void Worker::reject(Connection& connection, std::span<const std::byte> received,
                    const Connection::Checked& checked) {
  note_wrong_bytes(tally_.faults, connection, received, checked, workload_.clients);
  retire(connection);
}

void Worker::lose(Connection& connection, const std::system_error& error) {
  if (connection.state() == Connection::State::kFinishing) {
    // A server may answer our end of stream with a reset: nothing was due any more.
    return guard(connection, [&] { end_of_stream(connection, Clock::now()); });
  }
  if (connection.connected()) return close_early(connection, error.what());
  note_connect_failure(tally_.faults, error);
  retire(connection);
}

void Worker::close_early(Connection& connection, const std::string& how) {
  note_early_close(tally_.faults, connection, how);
  retire(connection);
}

void Worker::retire(Connection& connection) {
  in_flight_ -= connection.in_flight();
  if (connection.state() == Connection::State::kFinishing) --finishing_;
  ++retired_;
  connection.close(Connection::State::kRetired);
}

// --- All clients

void Worker::open_more(Clock::time_point now) {
  while (opened_ < connections_.size() && in_flight_ < kOpeningAtOnce) {
    Connection& connection = connections_[opened_++];
    guard(connection, [&] { open(connection, now); });
  }
}

void Worker::end_pauses(Clock::time_point now, Duration pause_length) {
  while (!pauses_.empty() && pauses_.front().began + pause_length <= now) {
    const Pause pause = pauses_.front();
    pauses_.pop_front();
    guard(*pause.connection, [&] { end_pause(pause, now); });
  }
}

void Worker::collect_answers() {
  phase_ = Phase::kStopping;
  end_pauses(Clock::now(), Duration(0));
  loop(Clock::time_point::max());
  tally_.faults.unanswered += in_flight_;
  for (Connection& connection : connections_) {
    if (connection.in_flight() > 0) retire(connection);
  }
}

bool Worker::may_request(Clock::time_point now) const {
  if (phase_ != Phase::kRunning || now >= ask_until_) return false;
  return now < window_.start || share_ - tally_.echoes > in_flight_;
}

Clock::time_point Worker::window_end(Clock::time_point now) const {
  return tally_.echoes == share_ ? last_echo_ : std::min(now, window_.end);
}

void Worker::expect_answer(Clock::time_point now) {
  if (in_flight_ + finishing_ == 0) progress_ = now;
  ++in_flight_;
}

}  // namespace echolab::loadgen
