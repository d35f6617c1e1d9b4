// fdset-overflow: descriptors of 1024 (FD_SETSIZE) and more are put into an fd_set, which has no
// room for them.
//
// The symptom: all is well with few clients. Once a client's descriptor reaches 1024, memory next
// to the set is overwritten: the server crashes, goes deaf or spins, and existing clients suffer.
// The story: FD_SET checks nothing, and its set is a fixed array of 1024 bits. The usual limit of
// 1024 descriptors a process hid the mistake for years; then somebody raised the limit.
// The fix: turn a client away whose descriptor is FD_SETSIZE or more; better, use poll or epoll.
//
// Model: select

#include <sys/select.h>

#include <algorithm>

#include "student.h"

namespace {

struct Server {
  std::map<int, zoo::Client> clients{};
  fd_set readable{};
  fd_set writable{};
  int listener;
  bool rests = false;  // the listener, in a shortage of descriptors

  bool wait() {
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    if (!rests) FD_SET(listener, &readable);
    for (const auto& [fd, client] : clients) {
      if ((client.events() & POLLIN) != 0) FD_SET(fd, &readable);
      if ((client.events() & POLLOUT) != 0) FD_SET(fd, &writable);
    }
    const int last = clients.empty() ? listener : std::max(listener, clients.rbegin()->first);
    timeval rest{0, zoo::kRest * 1000};
    return ::select(last + 1, &readable, &writable, nullptr, rests ? &rest : nullptr) >= 0;
  }

  void serve_ready() {
    zoo::keep_those(clients, [this](zoo::Client& client) {
      const bool is_ready = FD_ISSET(client.fd, &readable) || FD_ISSET(client.fd, &writable);
      return !is_ready || zoo::serve_turn(client);
    });
  }

  void take_newcomers() {
    rests = !zoo::accept_waiting(listener, [this](int fd) {
      zoo::set_non_blocking(fd);
      clients[fd].fd = fd;
    });
  }
};

}  // namespace

int main(int argc, char** argv) {
  Server server{.listener = zoo::listen_on(zoo::port_of(argc, argv))};
  zoo::set_non_blocking(server.listener);
  for (;;) {
    if (!server.wait()) continue;
    server.serve_ready();
    if (server.rests || FD_ISSET(server.listener, &server.readable)) server.take_newcomers();
  }
}
