#include "02_threads/membership.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "01_iterative/client/connect_with_timeout.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/datagram.h"
#include "02_threads/datagram_room.h"
#include "common/escape.h"
#include "common/system_error.h"

namespace echolab {
namespace {

bool is_lost_only(int error) {
  return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

std::string name_of(const ClientOptions& options) {
  return options.name.empty() ? fmt::format("guest-{}", ::getpid()) : options.name;
}

/// A datagram without its line end; none, if there is none after all.
std::optional<std::string> receive(const UniqueFd& server) {
  std::array<char, kMaxDatagram> buffer;
  ssize_t received = ::recv(server.get(), buffer.data(), buffer.size(), 0);
  if (received < 0 && is_lost_only(errno)) return std::nullopt;
  if (received < 0) {
    // What became of a datagram that we sent is told before what was received: the server's goodbye
    // may be waiting behind it.
    const Failure failure = failure_of(system_error("recv"));
    received = ::recv(server.get(), buffer.data(), buffer.size(), 0);
    if (received < 0) throw Failure(failure);
  }
  std::string text(buffer.data(), static_cast<std::size_t>(received));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// True when the room has welcomed us; false when it has not said anything to us by `deadline`.
bool is_welcomed(const UniqueFd& server, Clock::time_point deadline, int interrupt) {
  while (wait_until_ready(server.get(), POLLIN, deadline, interrupt)) {
    const std::string text = receive(server).value_or("");
    if (Welcome::in(text)) return true;
    if (text.starts_with(DatagramRoom::kRefusal)) {
      const std::string_view reason = std::string_view(text).substr(DatagramRoom::kRefusal.size());
      throw Failure("ERROR", fmt::format("The server does not let us in: {}", escaped(reason)));
    }
  }
  return false;
}

/// Says the name until the server has answered: either datagram may be lost, this or the answer.
void introduce(const UniqueFd& server, const ClientOptions& options, Clock::time_point deadline,
               int interrupt) {
  while (Clock::now() < deadline) {
    say(server, "/name " + name_of(options));
    const Clock::time_point repeat = std::min(deadline, Clock::now() + Lease::kRepeat);
    if (is_welcomed(server, repeat, interrupt)) return;
  }
  throw timeout_failure("answer", options.server.timeout);
}

}  // namespace

UniqueFd join_room(const ClientOptions& options, int interrupt) {
  const auto join_at = [&](const addrinfo& address, Clock::time_point deadline) {
    UniqueFd server(::socket(address.ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!server) throw system_error("socket");
    // connect(2) sends nothing. From now on the socket receives from that address only, and is told
    // what became of datagrams that went there: ECONNREFUSED, when nobody listens (udp(7)).
    if (::connect(server.get(), address.ai_addr, address.ai_addrlen) < 0) {
      throw system_error("connect");
    }
    introduce(server, options, deadline, interrupt);
    return server;
  };
  return connect_to_first(options.server, interrupt, join_at);
}

void say(const UniqueFd& server, std::string_view text) {
  if (::send(server.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0 && !is_lost_only(errno)) {
    throw failure_of(system_error("send"));
  }
}

Membership::Membership(const UniqueFd& server, const ClientOptions& options)
    : server_(server),
      timeout_(options.server.timeout),
      lease_(timeout_, Clock::now()),
      name_(name_of(options)) {}

void Membership::keep() {
  const Clock::time_point now = Clock::now();
  if (lease_.is_lost(now)) throw timeout_failure("sign of life of the server", timeout_);
  if (finished_ || !lease_.sign_is_due(now)) return;
  say(server_, "");
  lease_.sign_given(now);
}

std::string Membership::hear() {
  const auto text = receive(server_);
  if (!text) return {};
  if (const auto welcome = Welcome::in(*text)) {
    lease_.answered(welcome->silence, Clock::now());
    if (welcome->name == name_) return {};
    name_ = welcome->name;
  }
  // The server has been started anew, or has not heard us for too long.
  if (*text == DatagramRoom::kWhoAreYou) say(server_, "/name " + name_);
  finished_ = text->starts_with(DatagramRoom::kGoodbye);
  return escaped(*text) + '\n';
}

}  // namespace echolab
