#include "03_select/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
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

// More than a receive buffer holds (tcp(7), tcp_rmem), and bounded: a client that never stops
// sending must not keep an event loop.
constexpr int kMaxReceives = 256;

}  // namespace

Connection::Connection(UniqueFd socket, const Options& options)
    : Connection(std::move(socket), options, make_session(options.service)) {}

Connection::Connection(UniqueFd socket, const Options& options, std::unique_ptr<Session> session)
    : socket_(std::move(socket)),
      session_(std::move(session)),
      record_(socket_.get()),
      idle_timeout_(options.idle_timeout),
      lingering_close_(socket_.get()) {
  count_as_active();
  on_writable();  // some services speak first
}

Connection::~Connection() {
  if (!session_->finished()) record_.failed(ClientRecord::kCutOff);
}

bool Connection::on_readable() {
  if (!wants_input()) return false;
  try {
    const bool received = receive();
    send_output();  // there is room nearly always: it spares a turn of the loop
    return received;
  } catch (const std::exception& error) {
    fail(error.what());
    return false;
  }
}

void Connection::on_writable() {
  try {
    send_output();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

bool Connection::receive() {
  std::array<std::byte, Session::kMaxReceive> buffer;
  const ssize_t received = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (received < 0 && errno == EINTR) return true;
  if (received < 0 && errno == EAGAIN) return false;
  if (received < 0) throw system_error("recv");
  if (received == 0) {
    session_->receive_eof();
    return false;
  }
  session_->receive(std::span(buffer).first(static_cast<std::size_t>(received)));
  count_as_active();
  return true;
}

// BEGIN send_output
void Connection::send_output() {
  while (wants_output()) {
    const auto output = session_->output();
    const ssize_t sent = ::send(fd(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;  // wants_output() stays true
    if (sent < 0) throw system_error("send");
    session_->sent(static_cast<std::size_t>(sent));
    record_.sent(static_cast<std::size_t>(sent));
    count_as_active();
  }
}
// END send_output

void Connection::receive_arrived() {
  for (int i = 0; i < kMaxReceives && on_readable(); ++i) {
  }
}

void Connection::end_input() {
  ::shutdown(fd(), SHUT_RD);
}

bool Connection::finished() {
  if (failed_) return true;
  if (session_->finished()) return !needs_to_linger() || lingering_close_.done();
  if (idle_timeout_.count() == 0 || Clock::now() - active_at_ < idle_timeout_) return false;
  if (on_readable()) return false;  // the loop is late: what came in time counts
  fail(ClientRecord::kIdleTooLong);
  return true;
}

bool Connection::needs_to_linger() const {
  return session_->closes_first() || Shutdown::requested();
}

void Connection::fail(std::string_view reason) {
  failed_ = true;
  record_.failed(reason);
}

void Connection::count_as_active() {
  if (idle_timeout_.count() != 0) active_at_ = Clock::now();
}

int sleep_limit(const Listener& listener, const Options& options) {
  if (listener.closed() || LingeringClose::any()) {
    return static_cast<int>(Shutdown::kPause.count());
  }
  return options.idle_timeout.count() != 0 || listener.resting() ? kLookEvery : -1;
}

bool Sweep::is_due(int limit) {
  if (limit < 0 || Clock::now() - last_ < std::chrono::milliseconds(limit)) return false;
  last_ = Clock::now();
  return true;
}

}  // namespace echolab
