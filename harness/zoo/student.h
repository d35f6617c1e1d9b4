#pragma once

// What is right in every server of the zoo, so that its page shows little but the mistake.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace zoo {

constexpr std::size_t kMaxOwed = 64 * 1024;  // bytes: then the client is not read from
constexpr std::size_t kBuffer = 16 * 1024;   // bytes that one recv may bring
constexpr int kRest = 100;                   // ms that a listener is left alone in a shortage

[[noreturn]] inline void die(const char* call) {
  std::perror(call);
  std::exit(1);
}

/// The port, which is the program's only argument.
inline int port_of(int argc, char** argv) {
  if (argc == 2) return std::atoi(argv[1]);
  std::fprintf(stderr, "usage: %s PORT\n", argv[0]);
  std::exit(2);
}

/// A socket that listens on 127.0.0.1.
inline int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) die("bind");
  if (::listen(listener, SOMAXCONN) < 0) die("listen");
  return listener;
}

inline void set_non_blocking(int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

/// Whether accept failed for want of room here, rather than by the newcomer's own trouble.
inline bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// Whether accept failed by what became of the newcomer, or of its network: see accept(2).
inline bool is_newcomers_trouble(int error) {
  switch (error) {
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case EPROTO:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

/// Held in reserve, from the start, for the day when descriptors run out.
inline int reserve = ::open("/dev/null", O_RDONLY | O_CLOEXEC);

/// Out of descriptors: giving up the reserve lets a newcomer be taken and turned away, or kept and
/// returned, if there is room again when it comes. Else -1, and errno says more: ECONNABORTED, it
/// was turned away; EAGAIN, nobody waits; a shortage, not even this helped: rest before the next.
inline int turn_newcomer_away(int listener) {
  ::close(reserve);
  const int newcomer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  const int error = newcomer < 0 ? errno : ECONNABORTED;
  reserve = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (newcomer >= 0 && reserve >= 0) return newcomer;
  if (newcomer >= 0) {
    ::close(newcomer);
    reserve = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  errno = error;
  return -1;
}

/// One try at the next client; -1 and errno as above.
inline int try_accept(int listener) {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  return client < 0 && is_out_of_resources(errno) ? turn_newcomer_away(listener) : client;
}

/// The next client, or -1 where there is none now (on a non-blocking listener).
inline int accept_client(int listener) {
  for (;;) {
    const int client = try_accept(listener);
    if (client >= 0) return client;
    if (errno == EAGAIN) return -1;
    if (is_out_of_resources(errno)) ::usleep(100'000);
  }
}

/// Sends everything, from a blocking socket. False if the client has gone.
inline bool send_all(int client, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(client, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// Echoes to one client, on a blocking socket, from its first byte to its last; then closes.
inline void serve_client(int client) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!send_all(client, buffer, static_cast<std::size_t>(received))) break;
  }
  ::close(client);
}

/// Gives each client a thread of its own. `serve` closes its client.
template <typename Serve>
[[noreturn]] void thread_per_client(int listener, Serve serve) {
  for (;;) {
    const int client = accept_client(listener);
    try {
      std::thread(serve, client).detach();
    } catch (const std::system_error&) {  // no more threads: this client is turned away
      ::close(client);
    }
  }
}

/// One SIGCHLD may stand for several children: collect all that have ended.
inline void reap_children(int) {
  const int error = errno;
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  errno = error;
}

inline void on_signal(int signal, void (*handler)(int), int flags = SA_RESTART) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

/// For a child, first of all: it is to end when its parent ends, even if that was a moment ago.
inline void end_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(0);
}

/// Gives each client a process of its own. `serve` closes its client.
template <typename Serve>
[[noreturn]] void fork_per_client(int listener, Serve serve) {
  on_signal(SIGCHLD, reap_children);
  const pid_t parent = ::getpid();
  for (;;) {
    const int client = accept_client(listener);
    if (::fork() == 0) {
      end_with_parent(parent);
      ::close(listener);
      serve(client);
      ::_exit(0);
    }
    ::close(client);  // the child has its own; and without a child the client is turned away
  }
}

/// A client of an event loop, on a non-blocking socket.
struct Client {
  int fd = -1;
  std::string owed;        ///< received, and not yet sent back
  bool has_ended = false;  ///< it will send no more

  [[nodiscard]] short events() const {
    const bool reads = !has_ended && owed.size() + kBuffer <= kMaxOwed;
    return static_cast<short>((reads ? POLLIN : 0) | (owed.empty() ? 0 : POLLOUT));
  }
};

/// Sends what is owed, as far as there is room. False if the client has gone.
inline bool flush(Client& client) {
  while (!client.owed.empty()) {
    const ssize_t sent = ::send(client.fd, client.owed.data(), client.owed.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    client.owed.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

/// Receives what is there, at most a buffer's worth. False if the client has gone.
inline bool receive(Client& client) {
  char buffer[kBuffer];
  ssize_t received = 0;
  do {
    received = ::recv(client.fd, buffer, sizeof buffer, 0);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return errno == EAGAIN;
  if (received == 0) client.has_ended = true;
  client.owed.append(buffer, static_cast<std::size_t>(received));
  return true;
}

/// True when there is nothing left to do for the client.
inline bool is_done(const Client& client) {
  return client.has_ended && client.owed.empty();
}

/// One turn of a client for which anything happened. False if it is to be closed.
inline bool serve_turn(Client& client) {
  if ((client.events() & POLLIN) != 0 && !receive(client)) return false;
  return flush(client) && !is_done(client);
}

/// Goes through the clients; closes and drops those for whom `stays(client)` is false.
template <typename Stays>
void keep_those(std::map<int, Client>& clients, Stays stays) {
  for (auto next = clients.begin(); next != clients.end();) {
    const auto current = next++;
    if (stays(current->second)) continue;
    ::close(current->first);
    clients.erase(current);
  }
}

/// Takes the newcomers that wait at a non-blocking listener, at most 64 a turn, and hands each to
/// `welcome`. False in a shortage that the reserve does not help: leave the listener alone for
/// `kRest`.
template <typename Welcome>
bool accept_waiting(int listener, Welcome welcome) {
  for (int turn = 0; turn < 64; ++turn) {
    const int client = try_accept(listener);
    if (client >= 0) {
      welcome(client);
    } else if (errno == EAGAIN || is_out_of_resources(errno)) {
      return errno == EAGAIN;
    }
  }
  return true;
}

/// The event loop by poll(2), for pages whose mistake lies elsewhere. `serve(client)` does one turn
/// of a client for which anything happened; false: it is to be closed.
template <typename Serve>
[[noreturn]] void serve_by_poll(int listener, Serve serve) {
  std::map<int, Client> clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  set_non_blocking(listener);
  for (;;) {
    std::vector<pollfd> polled{{rests ? -1 : listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    if (::poll(polled.data(), polled.size(), rests ? kRest : -1) < 0) continue;
    for (const pollfd& entry : polled) {
      if (entry.fd == polled[0].fd || entry.revents == 0 || serve(clients[entry.fd])) continue;
      ::close(entry.fd);
      clients.erase(entry.fd);
    }
    if (!rests && polled[0].revents == 0) continue;
    rests = !accept_waiting(listener, [&](int fd) {
      set_non_blocking(fd);
      clients[fd].fd = fd;
    });
  }
}

/// An event loop by epoll(7): the page writes the loop itself, over what `wait` returns.
struct EpollLoop {
  int listener;
  std::uint32_t newcomer_events;  ///< what a new client is watched for
  int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  bool rests = false;  ///< the listener, in a shortage of descriptors
  std::map<int, Client> clients{};
  epoll_event ready[65]{};

  explicit EpollLoop(int socket, std::uint32_t events = EPOLLIN, std::uint32_t listener_mode = 0)
      : listener(socket), newcomer_events(events) {
    set_non_blocking(listener);
    if (!watch(EPOLL_CTL_ADD, listener, EPOLLIN | listener_mode)) die("epoll_ctl");
  }

  /// What is ready now. After a rest, that includes the listener.
  std::span<const epoll_event> wait() {
    const int count = ::epoll_wait(epoll, ready, 64, rests ? kRest : -1);
    std::size_t size = count < 0 ? 0 : static_cast<std::size_t>(count);  // EINTR: nothing yet
    if (rests) {
      ready[size].events = EPOLLIN;
      ready[size++].data.fd = listener;
    }
    return {ready, size};
  }

  [[nodiscard]] bool watch(int operation, int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return ::epoll_ctl(epoll, operation, fd, &event) == 0;
  }

  void admit(int fd) {
    set_non_blocking(fd);
    if (watch(EPOLL_CTL_ADD, fd, newcomer_events)) {
      clients[fd].fd = fd;
    } else {
      ::close(fd);
    }
  }

  void take_newcomers() {
    const bool rested = rests;
    rests = !accept_waiting(listener, [this](int fd) { admit(fd); });
    if (rests != rested && !watch(EPOLL_CTL_MOD, listener, rests ? 0 : POLLIN)) rests = true;
  }

  void drop(int fd) {
    ::close(fd);
    clients.erase(fd);
  }

  /// One turn of a client for which anything happened, level-triggered.
  void serve(int fd) {
    const auto found = clients.find(fd);
    if (found == clients.end()) return;
    Client& client = found->second;
    const std::uint32_t always = newcomer_events & ~EPOLLIN;
    if (!serve_turn(client) || !watch(EPOLL_CTL_MOD, fd, client.events() | always)) drop(fd);
  }
};

}  // namespace zoo
