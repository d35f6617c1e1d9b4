#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "01_iterative/client/failure.h"
#include "common/unique_fd.h"

namespace echolab {

/// A connection to a server of lines: its non-blocking socket, what is still to be sent, and the
/// beginning of a line of which the rest is still to come. Nothing here blocks.
///
/// It is for whoever waits, in poll or in a window's loop: for input always, and for output while
/// wants_output(). That is the interface of 03_select/connection.h, seen from the client's side.
class LineConnection {
 public:
  /// The most bytes of a line that is received: beyond it, on_readable() gives the server up.
  static constexpr std::size_t kMaxLine = std::size_t{64} * 1024;
  /// The most bytes that wait to be sent: beyond it, send() gives the server up.
  static constexpr std::size_t kMaxPending = std::size_t{256} * 1024;

  /// `socket` must be connected, and non-blocking.
  explicit LineConnection(UniqueFd socket);

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool wants_output() const { return sent_ < pending_.size(); }

  /// Puts `line`, given without its end, behind what is still to be sent. A line end within it
  /// becomes a space: what a person entered as one message stays one. Throws Failure when too much
  /// is waiting already.
  void send(std::string_view line);

  /// Receives once, and returns the lines that are now complete, without their ends.
  /// Throws Failure on errors.
  [[nodiscard]] std::vector<std::string> on_readable();

  /// True when the server has ended the stream: on_readable() has returned all there was.
  [[nodiscard]] bool at_end() const { return at_end_; }

  /// Sends as much of what is pending as the server's window takes. When that fails, the server may
  /// have said why before: on_readable() returns that first, and throws the failure then.
  void on_writable();

 private:
  [[nodiscard]] std::vector<std::string> take_lines();

  UniqueFd socket_;
  std::string received_;
  std::string pending_;
  std::size_t sent_ = 0;  // how much of pending_ was sent
  bool at_end_ = false;
  std::optional<Failure> send_failure_;
};

}  // namespace echolab
