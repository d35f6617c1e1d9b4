#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "common/unique_fd.h"
#include "harness/loadgen/connection.h"
#include "harness/loadgen/tally.h"
#include "harness/loadgen/target.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// Clients that behave badly beside the well-behaved ones, whose figures alone are the run's: what
/// they suffer is what a server's model lets one client do to another.
///
/// *Slow readers* send and never receive, until nobody takes any more, at most 16 MiB each: more
/// than the kernel's buffers hold, so that a server with bounded memory has to stop reading, and a
/// blocking one stands still in send(2). *Dribblers* send a byte every 10 ms; what comes back is
/// compared like everybody's. *Resets* connect, send a message and break the connection off (RST,
/// by SO_LINGER with 0) without waiting.
///
/// They are in the server's queue before the others come, and go on in a thread of their own, which
/// tries a full socket again every 10 ms only. What a server does to slow readers and dribblers is
/// its own affair: that it cuts them is counted and is no fault. Wrong bytes are.
class RudeClients {
 public:
  /// Connects and starts, if the workload has any. Reports nothing but what end() returns.
  RudeClients(const Workload& workload, Target& target);
  ~RudeClients();
  RudeClients(const RudeClients&) = delete;
  RudeClients& operator=(const RudeClients&) = delete;

  /// Stops them, closes their connections, and returns what became of them. Wrong bytes go into
  /// `faults`.
  RudeTally end(Faults& faults);

 private:
  struct SlowReader {
    UniqueFd socket;
    std::size_t sent = 0;
  };

  void connect_all();
  void misbehave();
  void stop();
  void fill(SlowReader& reader);
  void dribble(Connection& dribbler);
  void receive(Connection& dribbler);
  void reset_what_is_due(Clock::time_point now);
  void reset_one();

  const Workload& workload_;
  Target& target_;
  std::vector<std::byte> buffer_;
  std::vector<SlowReader> slow_readers_;
  std::vector<Connection> dribblers_;
  Clock::time_point began_;
  std::uint64_t resets_tried_ = 0;
  RudeTally tally_;
  Faults faults_;

  std::mutex mutex_;  // guards stopping_
  bool stopping_ = false;
  std::condition_variable stopped_;
  std::thread thread_;
};

}  // namespace echolab::loadgen
