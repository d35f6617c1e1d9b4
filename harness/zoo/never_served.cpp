// never-served: select is told to look at the descriptors up to the listener's, and no further.
//
// The symptom: clients are accepted, and then nothing: no echo, ever, and no close when they go.
// The story: the first argument of select is "the highest descriptor plus one". With nothing but
// the listener that was listener + 1, and it stayed so when clients came. The log says
// "new connection", so the author seeks the mistake in recv.
// The fix: the highest of all watched descriptors, plus one, worked out anew on each turn.
//
// Model: select

#include <sys/select.h>

#include "student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

void serve_ready(Clients& clients, const fd_set& readable, const fd_set& writable) {
  zoo::keep_those(clients, [&](zoo::Client& client) {
    const bool is_ready = FD_ISSET(client.fd, &readable) || FD_ISSET(client.fd, &writable);
    return !is_ready || zoo::serve_turn(client);
  });
}

bool take_newcomers(int listener, Clients& clients) {
  return zoo::accept_waiting(listener, [&](int fd) {
    if (fd >= FD_SETSIZE) {
      ::close(fd);  // select cannot watch it
      return;
    }
    zoo::set_non_blocking(fd);
    clients[fd].fd = fd;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  Clients clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    fd_set readable;
    fd_set writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    if (!rests) FD_SET(listener, &readable);
    for (const auto& [fd, client] : clients) {
      if ((client.events() & POLLIN) != 0) FD_SET(fd, &readable);
      if ((client.events() & POLLOUT) != 0) FD_SET(fd, &writable);
    }
    timeval rest{0, zoo::kRest * 1000};
    timeval* const patience = rests ? &rest : nullptr;
    if (::select(listener + 1, &readable, &writable, nullptr, patience) < 0) continue;
    serve_ready(clients, readable, writable);
    if (rests || FD_ISSET(listener, &readable)) rests = !take_newcomers(listener, clients);
  }
}
