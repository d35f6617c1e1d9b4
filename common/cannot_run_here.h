#pragma once

#include <stdexcept>
#include <string>

namespace echolab {

/// This machine lacks what the program needs: no failure of the program, and so another exit
/// status, 3. `reason` says what is missing, and what to do about it.
class CannotRunHere : public std::runtime_error {
 public:
  explicit CannotRunHere(const std::string& reason)
      : std::runtime_error("cannot run here: " + reason) {}
};

}  // namespace echolab
