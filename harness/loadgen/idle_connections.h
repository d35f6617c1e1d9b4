#pragma once

#include <vector>

#include "common/unique_fd.h"
#include "harness/loadgen/tally.h"
#include "harness/loadgen/target.h"

namespace echolab::loadgen {

/// Clients that connect, get one byte echoed, and are silent from then on: what they cost is what a
/// server pays for watching them. (The echo shows that the server has taken the connection. In the
/// backlog it would cost nothing, and a full backlog would keep the next one waiting for a second.)
class IdleConnections {
 public:
  /// Opens `count` of them; stops at the first that is not served within `patience`, which `faults`
  /// then tells.
  IdleConnections(Target& target, unsigned count, Duration patience, Faults& faults);

  /// Whether all of them were served.
  [[nodiscard]] bool complete() const { return served_ == count_; }

  /// Counts those that the server has closed, or to which it has said something.
  void check(Faults& faults) const;

 private:
  void open_all(Target& target, Duration patience, Faults& faults);

  unsigned count_;
  unsigned served_ = 0;
  std::vector<UniqueFd> sockets_;
};

}  // namespace echolab::loadgen
