#include "02_threads/directions.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "common/log.h"
#include "common/system_error.h"

namespace echolab {
namespace {

bool is_readable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

}  // namespace

void read_typed(TypedInput& typed) {
  std::array<char, TypedInput::kMaxReceive> buffer;
  // read(2), not getline: a line that stdio has read ahead makes no descriptor readable.
  const ssize_t received = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (received > 0) {
    typed.receive({buffer.data(), static_cast<std::size_t>(received)});
  } else if (received == 0 || errno == EIO) {  // EIO: the terminal is gone
    typed.receive_eof();
  } else if (!would_block(errno)) {
    throw Failure("ERROR",
                  std::string("Cannot read the input: ") + std::generic_category().message(errno));
  }
}

Outbound::Outbound(const UniqueFd& server, const ClientOptions& options)
    : server_(server), typed_(Framing::kLine) {
  if (!options.name.empty()) pending_ = options.name + '\n';
}

void Outbound::on_typed() {
  read_typed(typed_);
  if (pending_.empty()) pending_ = typed_.take();
  on_writable();
}

void Outbound::on_writable() {
  send_pending();
  if (!pending_.empty() || !typed_.finished() || is_ended_) return;
  // shutdown(2) ends this direction. The server reads to the end, and ends the other when it has
  // said all: who closes the socket at the end of his input loses what is underway to him.
  ::shutdown(server_.get(), SHUT_WR);
  is_ended_ = true;
}

void Outbound::send_pending() {
  while (wants_output()) {
    const ssize_t sent = ::send(server_.get(), pending_.data(), pending_.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      pending_.erase(0, static_cast<std::size_t>(sent));
    } else if (would_block(errno)) {
      return;  // wants_output() stays true
    } else {
      // What the server has said before may still wait to be received: the failure is told later.
      // EPIPE only repeats that the connection is no more.
      if (errno != EPIPE) failure_ = failure_of(system_error("send"));
      cut_off_ = true;
    }
  }
}

void Outbound::server_has_left() {
  if (failure_) throw Failure(*failure_);
  // What waits in a pipe was meant for the server as well.
  if (typed_.wants_input() && is_readable(STDIN_FILENO)) read_typed(typed_);
  if (!pending_.empty() || !typed_.empty()) {
    throw Failure("CLOSED", "The server has closed the connection before it had all messages.");
  }
  if (!is_ended_) log::event("CLOSED", "The server has closed the connection.");
}

Inbound::Inbound(const UniqueFd& server, int interrupt) : server_(server), screen_(interrupt) {}

void Inbound::on_readable() {
  std::array<char, 32 * 1024> buffer;
  const ssize_t received = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
  if (received < 0 && would_block(errno)) return;
  if (received > 0) {
    screen_.show(text_.receive({buffer.data(), static_cast<std::size_t>(received)}));
    return;
  }
  const int error = errno;
  is_ended_ = true;
  screen_.show(text_.end_line());
  screen_.finish_line();
  if (received < 0) throw failure_of(system_error("recv", error));
}

EndsStream::~EndsStream() {
  ::shutdown(server_.get(), SHUT_RDWR);
}

}  // namespace echolab
