#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>

namespace echolab {

/// Why a client's connection failed or ended early, as its user is told: by a name, REFUSED, and a
/// sentence that says what happened and what to do.
class Failure : public std::runtime_error {
 public:
  Failure(std::string name, const std::string& advice)
      : std::runtime_error(advice), name_(std::move(name)) {}

  /// REFUSED, TIMEOUT, RESET, UNREACHABLE, LOOKUP, CLOSED, INTERRUPT, or ERROR for all the rest.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

/// Not a failure of the network: the user does not want to wait any longer.
class Interrupted : public Failure {
 public:
  Interrupted() : Failure("INTERRUPT", "Interrupted by the user.") {}
};

/// The failure that a system call on a socket reported.
[[nodiscard]] Failure failure_of(const std::system_error& error);

/// Nothing was heard of the server for `timeout`. `awaited` is what was waited for: "connection".
[[nodiscard]] Failure timeout_failure(const std::string& awaited,
                                      std::chrono::milliseconds timeout);

}  // namespace echolab
