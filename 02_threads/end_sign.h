#pragma once

#include "01_iterative/client/wait_until_ready.h"
#include "common/unique_fd.h"

namespace echolab {

/// How two threads end together, though each waits for something of its own: each of them waits for
/// a sign of the other as well.
///
/// Nothing else would do. A flag would be looked at only after the wait; and no call of another
/// thread ends a read of a terminal, as shutdown(2) ends a recv.
class EndSign {
 public:
  /// Throws std::system_error.
  EndSign();

  void give() const;

  /// Readable once the sign was given, and it stays so.
  [[nodiscard]] int fd() const { return given_.get(); }

 private:
  UniqueFd given_;
};

/// Gives the sign when it is destroyed: however a thread ends, the other one learns of it.
class GivesSign {
 public:
  explicit GivesSign(const EndSign& sign) : sign_(sign) {}
  ~GivesSign() { sign_.give(); }
  GivesSign(const GivesSign&) = delete;
  GivesSign& operator=(const GivesSign&) = delete;

 private:
  const EndSign& sign_;
};

/// Blocks until there is something to read from `fd`, or `deadline` passes: true. False once there
/// is the sign. Throws Interrupted once `interrupt` is readable, and std::system_error.
[[nodiscard]] bool wait_for_either(int fd, const EndSign& sign, Clock::time_point deadline,
                                   int interrupt);

}  // namespace echolab
