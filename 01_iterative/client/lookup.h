#pragma once

#include <future>
#include <memory>
#include <string>

#include "common/resolve.h"
#include "common/unique_fd.h"

namespace echolab {

/// The lookup of a host's name, which can be waited for and given up.
///
/// getaddrinfo(3) blocks for as long as name servers please, and nothing can interrupt it. So it
/// gets a thread of its own, which a client that gives up leaves behind: it holds nothing of the
/// client's, and ends by itself or with the process.
class Lookup {
 public:
  /// Throws std::system_error.
  Lookup(const std::string& host, const std::string& port);

  /// Readable once the addresses are known, or known not to exist.
  [[nodiscard]] int fd() const { return done_->get(); }

  /// The addresses, once. Blocks until they are known. Throws what resolve() throws.
  [[nodiscard]] AddressList addresses() { return addresses_.get(); }

 private:
  std::shared_ptr<UniqueFd> done_;
  std::future<AddressList> addresses_;
};

}  // namespace echolab
