#pragma once

#include <future>

#include "01_iterative/client/connect_with_timeout.h"
#include "02_threads/end_sign.h"
#include "common/unique_fd.h"

namespace echolab {

/// A connection in the making, for a loop that must not wait for it.
///
/// A loop could wait for connect(2) as it waits for everything else; but before that comes the
/// lookup of the name, and getaddrinfo(3) can only block. So a thread does both, and ends.
class Connecting {
 public:
  /// Throws std::system_error when there is no thread, or no descriptor, to be had.
  explicit Connecting(const Destination& server);
  /// Gives up, if need be.
  ~Connecting();
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

  /// Readable once socket() returns at once.
  [[nodiscard]] int fd() const { return done_.fd(); }

  /// The connected socket, non-blocking, once. Throws Failure.
  [[nodiscard]] UniqueFd socket() { return socket_.get(); }

 private:
  EndSign done_;
  EndSign give_up_;
  std::future<UniqueFd> socket_;  // the last member: its thread uses the others
};

}  // namespace echolab
