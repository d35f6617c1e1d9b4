#include "03_select/connection.h"

#include <sys/socket.h>

#include <array>
#include <span>
#include <utility>

#include "common/services/services.h"
#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {
namespace {

using Clock = std::chrono::steady_clock;

// How late a time-out of seconds may be noticed, in milliseconds.
constexpr int kLookEvery = 100;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Connection::Connection(UniqueFd socket, const Options& options)
    : socket_(std::move(socket)),
      session_(make_session()),
      record_(socket_.get()),
      idle_timeout_(options.idle_timeout) {
  count_as_active();
}

Connection::~Connection() {
  if (!session_->finished()) record_.failed(ClientRecord::kCutOff);
}

void Connection::on_readable() {
  if (!wants_input()) return;
  try {
    receive();
    send_output();  // there is room nearly always: it spares a turn of the loop
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void Connection::on_writable() {
  try {
    send_output();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void Connection::receive() {
  std::array<std::byte, Session::kMaxReceive> buffer;
  const ssize_t received = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (received > 0) {
    session_->receive(std::span(buffer).first(static_cast<std::size_t>(received)));
    count_as_active();
  } else if (received == 0) {
    session_->receive_eof();
  } else if (!would_block(errno)) {
    throw system_error("recv");
  }
}

void Connection::send_output() {
  while (wants_output()) {
    const auto output = session_->output();
    const ssize_t sent = ::send(fd(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0 && would_block(errno)) return;  // wants_output() stays true
    if (sent < 0) throw system_error("send");
    session_->sent(static_cast<std::size_t>(sent));
    record_.echoed(static_cast<std::size_t>(sent));
    count_as_active();
  }
}

void Connection::end_input() {
  ::shutdown(fd(), SHUT_RD);
}

bool Connection::finished() {
  if (failed_) return true;
  if (session_->finished()) return !Shutdown::requested() || Shutdown::has_delivered(fd());
  if (idle_timeout_.count() == 0 || Clock::now() - active_at_ < idle_timeout_) return false;
  fail(ClientRecord::kIdleTooLong);
  return true;
}

void Connection::fail(std::string_view reason) {
  failed_ = true;
  record_.failed(reason);
}

void Connection::count_as_active() {
  if (idle_timeout_.count() != 0) active_at_ = Clock::now();
}

int sleep_limit(const Listener& listener, const Options& options) {
  if (listener.closed()) return static_cast<int>(Shutdown::kPause.count());
  return options.idle_timeout.count() != 0 || listener.resting() ? kLookEvery : -1;
}

}  // namespace echolab
