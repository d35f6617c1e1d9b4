#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace echolab {

/// Owns one file descriptor and closes it: RAII for what accept(2) and its kin return.
/// A negative number, their error value, owns nothing.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }

  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// Gives the descriptor away: the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  /// Closes what is owned and owns `fd` instead. close(2) must not be retried after EINTR: on Linux
  /// the descriptor is gone by then, and its number may already be another's.
  void reset(int fd = -1) {
    if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
  }

 private:
  int fd_ = -1;
};

/// A second descriptor for the same file, to be given to a library that closes what it is given.
[[nodiscard]] inline int duplicate(int fd) {
  return ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

}  // namespace echolab
