#pragma once

// What is right in every chat room of the zoo that is written in C++.

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "student.h"

namespace zoo {

constexpr std::size_t kLongestLine = 64 * 1024;  // bytes; who says more is disconnected

/// Cuts what is received into lines.
class Lines {
 public:
  void append(std::string_view received) { received_ += received; }

  /// The next line that is whole, with its line end.
  std::optional<std::string> next() {
    const std::size_t end = received_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = received_.substr(0, end + 1);
    received_.erase(0, end + 1);
    return line;
  }

  [[nodiscard]] bool too_long() const { return received_.size() > kLongestLine; }

 private:
  std::string received_;
};

/// Receives once, on a blocking socket. False if the member has gone, or goes on without line end.
inline bool receive_into(Lines& lines, int member) {
  char buffer[kBuffer];
  ssize_t received = 0;
  do {
    received = ::recv(member, buffer, sizeof buffer, 0);
  } while (received < 0 && errno == EINTR);
  if (received <= 0) return false;
  lines.append({buffer, static_cast<std::size_t>(received)});
  return !lines.too_long();
}

/// Calls `hear(line)` for each line of a member, on a blocking socket, until it leaves.
template <typename Hear>
void hear_lines(int member, Hear hear) {
  Lines lines;
  while (receive_into(lines, member)) {
    while (const auto line = lines.next()) hear(*line);
  }
}

}  // namespace zoo
