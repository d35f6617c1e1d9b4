#include "harness/loadgen/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/system_error.h"

namespace echolab::loadgen {

Connection::Connection(std::uint32_t number, std::size_t message_bytes, unsigned depth)
    : to_send_(number, message_bytes), due_(number, message_bytes), issued_at_(depth) {}

void Connection::open(Target& target) {
  connected_ = false;
  socket_ = target.start_connect();
  state_ = State::kOpen;
}

void Connection::issue(Clock::time_point now) {
  unsigned newest = oldest_ + in_flight_;
  if (newest >= issued_at_.size()) newest -= static_cast<unsigned>(issued_at_.size());
  issued_at_[newest] = now;
  ++in_flight_;
  unsent_bytes_ += to_send_.message_bytes();
}

bool Connection::send(std::span<std::byte> scratch) {
  if (unsent_bytes_ == 0) return true;
  const auto piece = scratch.first(std::min(unsent_bytes_, scratch.size()));
  to_send_.copy_to(piece);
  const ssize_t taken = ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
  if (taken < 0) {
    if (would_block(errno)) return false;
    throw system_error(connected_ ? "send" : "connect");
  }
  connected_ = true;
  to_send_.skip(static_cast<std::size_t>(taken));
  unsent_bytes_ -= static_cast<std::size_t>(taken);
  owed_bytes_ += static_cast<std::size_t>(taken);
  return unsent_bytes_ == 0;
}

bool Connection::await_room(bool awaited) {
  return std::exchange(awaits_room_, awaited) != awaited;
}

std::optional<std::span<const std::byte>> Connection::receive(std::span<std::byte> scratch) const {
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
  if (got >= 0) return scratch.first(static_cast<std::size_t>(got));
  if (would_block(errno)) return std::nullopt;
  throw system_error(connected_ ? "recv" : "connect");
}

Connection::Checked Connection::check(std::span<const std::byte> received) {
  const auto answer = received.first(std::min(received.size(), owed_bytes_));
  if (due_.matching_prefix(answer) < answer.size()) return {false, 0, 0};
  owed_bytes_ -= answer.size();
  return {true, due_.skip(answer.size()), received.size() - answer.size()};
}

Clock::time_point Connection::take_oldest_request() {
  const Clock::time_point issued = issued_at_[oldest_];
  if (++oldest_ == issued_at_.size()) oldest_ = 0;
  --in_flight_;
  return issued;
}

void Connection::finish() {
  state_ = State::kFinishing;
  // Fails only when the peer has reset the connection, which the next recv reports.
  ::shutdown(socket_.get(), SHUT_WR);
}

void Connection::close(State state) {
  state_ = state;
  socket_.reset();
  in_flight_ = 0;
  unsent_bytes_ = 0;
  owed_bytes_ = 0;
  awaits_room_ = false;
}

}  // namespace echolab::loadgen
