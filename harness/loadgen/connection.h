#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/unique_fd.h"
#include "harness/loadgen/payload.h"
#include "harness/loadgen/target.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// One client: its socket, the bytes that it has sent, and the bytes that it has got back.
///
/// It knows when a request was issued and whether an answer is right; when to do what is the
/// Worker's business. It stores no payload: what is still to be sent, and what is still to come, is
/// a cursor in a PayloadStream and a number of bytes. With churn it is opened again and again; its
/// number stays, and its payload goes on where it was.
class Connection {
 public:
  enum class State {
    kClosed,     ///< Not yet open, or between two connections (churn).
    kOpen,       ///< Requests may be issued.
    kFinishing,  ///< All was answered, our end of stream is sent: the server is to close too.
    kRetired,    ///< Ended, and not to be opened again.
  };

  Connection(std::uint32_t number, std::size_t message_bytes, unsigned depth);

  /// Begins to connect. Throws std::system_error.
  void open(Target& target);

  /// One more request, to be sent as soon as possible; at most `depth` may be in flight.
  void issue(Clock::time_point now);

  /// Sends what was issued, as far as one send(2) goes, using `scratch`. Returns true when nothing
  /// is left to be sent. Throws std::system_error when the connection is broken.
  [[nodiscard]] bool send(std::span<std::byte> scratch);

  /// Notes whether epoll is to tell when there is room to send; returns whether that is a change.
  [[nodiscard]] bool await_room(bool awaited);

  /// Receives into `scratch`, with one recv(2). Nothing: no bytes yet. Empty: end of stream. Throws
  /// std::system_error when the connection is broken.
  [[nodiscard]] std::optional<std::span<const std::byte>> receive(
      std::span<std::byte> scratch) const;

  /// What `check` found.
  struct Checked {
    bool intact;          ///< False: bytes differ, and the cursor was left before them.
    std::size_t answers;  ///< Answers that are complete now.
    std::size_t surplus;  ///< Bytes beyond all that was sent.
  };

  /// Compares received bytes with those that are due.
  [[nodiscard]] Checked check(std::span<const std::byte> received);

  /// When the oldest request in flight was issued. It is in flight no more.
  Clock::time_point take_oldest_request();

  /// Sends our end of stream (shutdown(2)): whatever comes from now on is surplus.
  void finish();

  /// Closes the socket and forgets the requests in flight. The new state is kClosed or kRetired.
  void close(State state);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] std::uint32_t number() const { return due_.place().connection; }
  [[nodiscard]] unsigned in_flight() const { return in_flight_; }
  /// The stream with its cursor at the next byte to come.
  [[nodiscard]] const PayloadStream& due() const { return due_; }
  /// False until the kernel took a first byte: a failure up to then is one of connect(2).
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] bool served() const { return due_.place().message > 0; }

 private:
  State state_ = State::kClosed;
  bool connected_ = false;
  bool awaits_room_ = false;
  UniqueFd socket_;
  PayloadStream to_send_;
  PayloadStream due_;
  std::size_t unsent_bytes_ = 0;  // issued, but not yet taken by the kernel
  std::size_t owed_bytes_ = 0;    // taken by the kernel, but not yet back
  unsigned in_flight_ = 0;
  unsigned oldest_ = 0;                       // index of the oldest request in issued_at_
  std::vector<Clock::time_point> issued_at_;  // a ring, as long as the connection is deep
};

}  // namespace echolab::loadgen
