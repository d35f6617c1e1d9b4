#include "common/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/resolve.h"
#include "common/socket_address.h"
#include "common/system_error.h"

namespace echolab {
namespace {

constexpr int kFirstInheritedFd = 3;  // SD_LISTEN_FDS_START, sd_listen_fds(3)

void enable(const UniqueFd& socket, int level, int option) {
  const int on = 1;
  if (::setsockopt(socket.get(), level, option, &on, sizeof on) < 0) {
    throw system_error("setsockopt");
  }
}

enum class Port { kOwn, kShared };

// BEGIN listen_on
UniqueFd listen_on(const sockaddr* address, socklen_t length, Port port, int backlog) {
  // socket(2): an endpoint of the address's family. CLOEXEC: no program that we may start gets it.
  UniqueFd listener(
      ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!listener) throw system_error("socket");

  // Connections of the last run may still linger in TIME_WAIT (tcp(7)); without this option bind
  // would refuse the port for a minute.
  enable(listener, SOL_SOCKET, SO_REUSEADDR);

  // Several sockets on one port: the kernel shares the newcomers out among them (socket(7)).
  if (port == Port::kShared) enable(listener, SOL_SOCKET, SO_REUSEPORT);

  // Answers leave at once, instead of waiting for the acknowledgement of the one before (Nagle's
  // algorithm, RFC 9293 3.7.4). On Linux accepted sockets inherit the option.
  enable(listener, IPPROTO_TCP, TCP_NODELAY);

  // bind(2): names the socket.
  if (::bind(listener.get(), address, length) < 0) throw system_error("bind");

  // listen(2): from now on the kernel completes handshakes and queues them for accept.
  if (::listen(listener.get(), backlog) < 0) throw system_error("listen");
  return listener;
}
// END listen_on

UniqueFd open_listening_socket(const Options& options) {
  const AddressList address =
      resolve(options.host, std::to_string(options.port), SOCK_STREAM, AI_PASSIVE);
  return listen_on(address->ai_addr, address->ai_addrlen, Port::kOwn, options.backlog);
}

UniqueFd open_another(const UniqueFd& listener, int backlog) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(listener.get(), generic, &length) < 0) throw system_error("getsockname");
  return listen_on(generic, length, Port::kShared, backlog);
}

int number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

// The protocol of sd_listen_fds(3): descriptors from 3 on, for the process that LISTEN_PID names.
UniqueFd inherited_listening_socket() {
  if (number_in_environment("LISTEN_PID") != ::getpid()) return {};
  const int count = number_in_environment("LISTEN_FDS");
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  if (count != 1) throw std::runtime_error("LISTEN_FDS must be 1: one listening socket");

  UniqueFd listener(kFirstInheritedFd);
  int listening = 0;
  socklen_t length = sizeof listening;
  if (::getsockopt(listener.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0) {
    throw system_error("LISTEN_FDS: getsockopt");
  }
  if (listening == 0) throw std::runtime_error("LISTEN_FDS: descriptor 3 is not listening");
  if (::fcntl(listener.get(), F_SETFD, FD_CLOEXEC) < 0 ||
      ::fcntl(listener.get(), F_SETFL, O_NONBLOCK) < 0) {
    throw system_error("LISTEN_FDS: fcntl");
  }
  enable(listener, IPPROTO_TCP, TCP_NODELAY);
  return listener;
}

UniqueFd open_reserve() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

// The limit may have been lowered since (prlimit(2)): a descriptor beyond it, once closed, is not
// given out again.
bool is_below_limit(const UniqueFd& descriptor) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return descriptor && static_cast<rlim_t>(descriptor.get()) < limit.rlim_cur;
}

std::string describe(int error) {
  return std::system_category().message(error);
}

}  // namespace

Listener::Listener(const Options& options)
    : socket_(inherited_listening_socket()), reserve_(open_reserve()) {
  try {
    if (!socket_) socket_ = open_listening_socket(options);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("cannot listen on {}: {}",
                                         host_and_port(options.host, std::to_string(options.port)),
                                         error.what()));
  }
  address_ = local_address(socket_.get());
}

Listener Listener::another(const Options& options) const {
  // Only now, when the port is ours: set before bind, the option would let two servers share it
  // without a word, and each would miss half of its clients.
  enable(socket_, SOL_SOCKET, SO_REUSEPORT);
  return Listener(open_another(socket_, options.backlog));
}

Listener::Listener(UniqueFd socket)
    : socket_(std::move(socket)),
      reserve_(open_reserve()),
      address_(local_address(socket_.get())) {}

bool Listener::wait_readable(const Shutdown& shutdown, int other) const {
  std::array<pollfd, 3> watched{
      {{shutdown.fd(), POLLIN, 0}, {fd_to_watch(), POLLIN, 0}, {other, POLLIN, 0}}};
  const int timeout = resting() ? static_cast<int>(kRest.count()) : -1;
  if (::poll(watched.data(), watched.size(), timeout) < 0 && errno != EINTR) {
    throw system_error("poll");
  }
  return !shutdown.requested();
}

void Listener::accept_failed(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      if (turn_away_with_reserve(describe(error))) return;
      rest_until_ = Clock::now() + kRest;
      if (rate_limit_.lets_pass()) {
        log::event("ERROR", "no client is accepted for {} ms: {}", kRest.count(), describe(error));
      }
      return;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
      throw system_error("accept", error);
    default:
      // EAGAIN, EINTR, ECONNABORTED, EPROTO, ENETDOWN, EPERM and what else accept(2) lists: there
      // was no connection after all, or it died in the queue.
      return;
  }
}

bool Listener::turn_away_with_reserve(std::string_view reason) {
  if (!reserve_) reserve_ = open_reserve();
  if (!is_below_limit(reserve_)) return false;
  reserve_.reset();
  UniqueFd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const bool accepted{client};
  client.reset();  // now, so that its descriptor becomes the reserve
  reserve_ = open_reserve();
  if (accepted) turned_away(reason);
  return accepted;
}

void Listener::turned_away(std::string_view reason) {
  ++turned_away_count_;
  if (!rate_limit_.lets_pass()) return;
  log::event("ERROR", "turned away {} client{}: {}", turned_away_count_,
             turned_away_count_ == 1 ? "" : "s", reason);
  turned_away_count_ = 0;
}

bool Listener::resting() const {
  return rest_until_ != Clock::time_point{} && Clock::now() < rest_until_;
}

void Listener::close() {
  socket_.reset();
  reserve_.reset();
}

}  // namespace echolab
