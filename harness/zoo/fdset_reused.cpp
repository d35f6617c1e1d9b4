// fdset-reused: the set that select has changed is handed to the next select as it is.
//
// The symptom: the first client is served. The second connects and is never heard; once the first
// has gone, nobody is.
// The story: a set goes in as "whom to watch" and comes out as "who is ready", in the same memory.
// After the first client spoke, only that client is left in it. With one client, on a server just
// started, all is well, and so it was tried. (The other set, of those who wait for room, changes so
// often that the author builds it anew on each turn; there the same memory does no harm.)
// The fix: keep the set of all who are watched apart, and give select a copy of it on each turn.
//
// Model: select

#include <sys/select.h>

#include <algorithm>

#include "student.h"

namespace {

struct Server {
  int listener;
  int highest = listener;
  std::map<int, zoo::Client> clients{};
  fd_set watched{};
  fd_set writable{};

  void watch(const zoo::Client& client, bool stays) {
    if (stays && (client.events() & POLLIN) != 0) {
      FD_SET(client.fd, &watched);
    } else {
      FD_CLR(client.fd, &watched);
    }
  }

  bool wait() {
    FD_ZERO(&writable);
    for (const auto& [fd, client] : clients) {
      if ((client.events() & POLLOUT) != 0) FD_SET(fd, &writable);
    }
    return ::select(highest + 1, &watched, &writable, nullptr, nullptr) >= 0;
  }

  void serve_ready() {
    zoo::keep_those(clients, [this](zoo::Client& client) {
      if (!FD_ISSET(client.fd, &watched) && !FD_ISSET(client.fd, &writable)) return true;
      const bool stays = zoo::serve_turn(client);
      watch(client, stays);
      return stays;
    });
  }

  void admit(int fd) {
    if (fd >= FD_SETSIZE) {
      ::close(fd);  // select cannot watch it
      return;
    }
    zoo::set_non_blocking(fd);
    clients[fd].fd = fd;
    highest = std::max(highest, fd);
    watch(clients[fd], true);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  Server server{.listener = listener};
  FD_SET(listener, &server.watched);
  for (;;) {
    if (!server.wait()) continue;
    server.serve_ready();
    if (!FD_ISSET(listener, &server.watched)) continue;
    const bool is_short = !zoo::accept_waiting(listener, [&](int fd) { server.admit(fd); });
    if (is_short) ::usleep(zoo::kRest * 1000);
  }
}
