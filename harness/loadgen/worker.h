#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "common/unique_fd.h"
#include "harness/loadgen/connection.h"
#include "harness/loadgen/open_loop.h"
#include "harness/loadgen/tally.h"
#include "harness/loadgen/target.h"
#include "harness/loadgen/window.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// The event loop of one thread, with its share of the clients.
///
/// Without a rate the loop is closed: a client sends its next request because an answer came (and
/// its pause is over), so that a slow server is asked less, as by people who wait. With one it is
/// open: requests are due at moments of their own (see OpenLoop). The event loop is level-triggered
/// (epoll(7)): one recv for an event, and what is left in the kernel brings the next event.
///
/// Whatever it waits for, it waits `patience` at most: no server can make it hang.
class Worker {
 public:
  /// Client `i` of the run belongs to worker `i % workload.threads`. Throws std::system_error.
  Worker(const Workload& workload, unsigned index, Target& target,
         const std::atomic<bool>& interrupted);

  /// Connects the clients and sees each of them served once. Ends early when patience does.
  void open_all();

  /// Drives the clients through the window and collects the answers still due. Only after
  /// open_all() had all of them served.
  void drive(const Window& window);

  /// Sends each client's end of stream and sees the server close, too.
  void close_all();

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  static constexpr int kMostEvents = 256;  // from one epoll_pwait2

  enum class Phase { kOpening, kRunning, kStopping };

  struct Pause {
    Clock::time_point began;
    Connection* connection;
  };

  // The loop: returns at `until`, when nothing is pending any more, when patience ends, or when
  // the run is interrupted.
  void loop(Clock::time_point until);
  [[nodiscard]] bool nothing_pending() const;
  [[nodiscard]] bool is_patience_over(Clock::time_point now) const;
  [[nodiscard]] Duration wait_limit(Clock::time_point now, Clock::time_point until) const;
  void handle_events(Duration limit);

  // Steps of a client's life. Broken connections throw std::system_error out of them, into guard().
  template <typename Step>
  void guard(Connection& connection, Step step);
  void open(Connection& connection, Clock::time_point now);
  void request(Connection& connection, std::size_t count, Clock::time_point now);
  void flush(Connection& connection);
  void receive(Connection& connection);
  void count_answer(Connection& connection, Clock::time_point now);
  void after_answers(Connection& connection, std::size_t answers, Clock::time_point now);
  void end_pause(const Pause& pause, Clock::time_point now);
  void finish(Connection& connection, Clock::time_point now);
  void end_of_stream(Connection& connection, Clock::time_point now);

  // Open loop: as loop(), while the schedule goes on.
  void follow_schedule(Clock::time_point until);
  // Asks what is due, until nothing is, and returns when that was.
  Clock::time_point ask_what_is_due();
  void ask_waiting(Connection& connection, Clock::time_point now);
  void count_due_answer(Connection& connection, Clock::time_point now);
  [[nodiscard]] std::size_t index_of(const Connection& connection) const;

  // What can go wrong with one.
  void reject(Connection& connection, std::span<const std::byte> received,
              const Connection::Checked& checked);
  void lose(Connection& connection, const std::system_error& error);
  void close_early(Connection& connection, const std::string& how);
  void retire(Connection& connection);

  // All clients.
  void ask_all(Clock::time_point now);
  void begin_schedule();
  void open_more(Clock::time_point now);
  void end_pauses(Clock::time_point now, Duration pause_length);
  void collect_answers();
  [[nodiscard]] bool may_request(Clock::time_point now) const;
  // Where the window ends as far as known: by number, with the last echo that was to be measured.
  [[nodiscard]] Clock::time_point window_end(Clock::time_point now) const;
  void expect_answer(Clock::time_point now);

  const Workload& workload_;
  Target& target_;
  const std::atomic<bool>& interrupted_;
  unsigned index_;
  std::uint64_t share_;  // echoes to measure, when the window ends by their number
  Phase phase_ = Phase::kOpening;
  Window window_;
  Clock::time_point ask_until_ = Clock::time_point::max();
  std::optional<OpenLoop> open_loop_;  // while driving, with a rate
  UniqueFd epoll_;
  int events_at_once_ = kMostEvents;
  std::vector<std::byte> buffer_;  // for one recv or one send at a time
  std::vector<Connection> connections_;
  std::size_t opened_ = 0;   // how many of connections_ were opened in kOpening
  std::size_t retired_ = 0;  // how many of them have ended

  unsigned in_flight_ = 0;       // requests
  unsigned finishing_ = 0;       // connections whose end of stream is due
  std::deque<Pause> pauses_;     // all equally long, so that the first to begin is the first to end
  Clock::time_point progress_;   // when the last thing came that was waited for
  Clock::time_point last_echo_;  // in the window; with churn, the end of the pause that follows it
  Tally tally_;
};

template <typename Step>
void Worker::guard(Connection& connection, Step step) {
  try {
    step();
  } catch (const std::system_error& error) {
    lose(connection, error);
  }
}

}  // namespace echolab::loadgen
