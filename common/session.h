#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace echolab {

/// One client's conversation, without any I/O: bytes in, bytes out, and when to close.
///
/// A server moves bytes between a socket and a session, and asks it two questions:
///
///     wants_input()           is it worth calling recv?   (POLLIN, EPOLLIN, FD_SET(fd, &readable))
///     !output().empty()       is there something to send? (POLLOUT, EPOLLOUT, FD_SET(fd,
///     &writable))
///
/// That is also the kit's whole flow control. A client that does not read fills output(); then
/// wants_input() is false, the server stops receiving, the kernel's receive window closes, and the
/// client's own send blocks: the memory that a client can take is bounded.
class Session {
 public:
  /// The most bytes that one receive() takes: the size of a server's receive buffer.
  static constexpr std::size_t kMaxReceive = std::size_t{32} * 1024;
  /// The most bytes that wait in output(). (A service whose answers are longer than its messages
  /// may pass it by one answer.)
  static constexpr std::size_t kMaxPending = std::size_t{64} * 1024;

  Session() = default;
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Takes what recv(2) returned: at most kMaxReceive bytes, and only while wants_input().
  void receive(std::span<const std::byte> input) { on_input(input); }

  /// The client has finished sending (recv returned 0). It may still be reading: what output()
  /// holds is owed to it.
  void receive_eof();

  /// What is to be sent next. Valid until the next call of receive() or sent().
  [[nodiscard]] std::span<const std::byte> output() const {
    return std::span(pending_).subspan(sent_);
  }

  /// The first `count` bytes of output() were sent: fewer than offered is normal (send(2)).
  void sent(std::size_t count);

  /// True while a further receive() is welcome and sure to fit.
  [[nodiscard]] bool wants_input() const { return !input_ended_ && !closes_first_ && has_room(); }

  /// True when nothing more is to be received or sent: time to close.
  [[nodiscard]] bool finished() const {
    return (input_ended_ || closes_first_) && output().empty();
  }

  /// True when the service has ended the conversation and the client has not: it may be sending
  /// still, so that its socket needs a LingeringClose.
  [[nodiscard]] bool closes_first() const { return closes_first_ && !input_ended_; }

 protected:
  /// Appends to output().
  void answer(std::span<const std::byte> bytes);
  void answer(std::string_view text) { answer(std::as_bytes(std::span(text))); }

  /// Ends the conversation: what output() holds is still sent, and then the socket is closed.
  void close() { closes_first_ = true; }
  [[nodiscard]] bool is_closing() const { return closes_first_; }

  /// True while the answer to another receive() would fit.
  [[nodiscard]] bool has_room() const { return output().size() + kMaxReceive <= kMaxPending; }

 private:
  /// The service: what it has to say to `input`, it says with answer().
  virtual void on_input(std::span<const std::byte> input) = 0;

  /// For services that keep messages back while there is no room: there may be room now.
  virtual void on_room() {}

  /// For services that keep the beginning of a message: no more of it will come.
  virtual void on_eof() {}

  std::vector<std::byte> pending_;
  std::size_t sent_ = 0;  // how much of pending_ is sent already
  bool input_ended_ = false;
  bool closes_first_ = false;
};

}  // namespace echolab
