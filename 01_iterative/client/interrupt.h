#pragma once

#include "common/unique_fd.h"

namespace echolab {

/// Ctrl-C as a descriptor (signalfd(2)): SIGINT and SIGTERM no longer interrupt anything, but make
/// fd() readable, and it stays so. A flag that a handler sets would be tested just before the
/// signal comes, and the client would wait for ever in the call after the test.
class Interrupt {
 public:
  /// One object a process, before there are threads: they inherit what is blocked here. Throws
  /// std::system_error.
  Interrupt();

  /// Readable once a signal has come.
  [[nodiscard]] int fd() const { return signals_.get(); }

 private:
  UniqueFd signals_;
};

}  // namespace echolab
