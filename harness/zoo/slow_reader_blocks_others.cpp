// slow-reader-blocks-others: the clients' sockets of an event loop are blocking, so one client that
// does not read stops the whole loop in send.
//
// The symptom: while one client sends and does not read, nobody else is served, old or new; once it
// reads or leaves, all goes on, and not a byte is missing.
// The story: the listener was made non-blocking, and the author had read that accepted sockets
// inherit that. On BSD they do; on Linux they do not. Nothing shows it until a buffer is full.
// The fix: make each client non-blocking (accept4 with SOCK_NONBLOCK), keep what send did not take,
// and watch for room.
//
// Model: select

#include <sys/select.h>

#include <algorithm>
#include <set>

#include "student.h"

namespace {

bool serve(int client) {
  char buffer[zoo::kBuffer];
  const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
  if (received < 0) return errno == EAGAIN || errno == EINTR;
  return received > 0 && zoo::send_all(client, buffer, static_cast<std::size_t>(received));
}

void serve_readable(std::set<int>& clients, const fd_set& readable) {
  std::erase_if(clients, [&](int client) {
    if (!FD_ISSET(client, &readable) || serve(client)) return false;
    ::close(client);
    return true;
  });
}

bool take_newcomers(int listener, std::set<int>& clients) {
  return zoo::accept_waiting(listener, [&](int client) {
    if (client < FD_SETSIZE) {
      clients.insert(client);
    } else {
      ::close(client);  // select cannot watch it
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  std::set<int> clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    fd_set readable;
    FD_ZERO(&readable);
    if (!rests) FD_SET(listener, &readable);
    for (const int client : clients) FD_SET(client, &readable);
    const int last = clients.empty() ? listener : std::max(listener, *clients.rbegin());
    timeval rest{0, zoo::kRest * 1000};
    if (::select(last + 1, &readable, nullptr, nullptr, rests ? &rest : nullptr) < 0) continue;
    serve_readable(clients, readable);
    if (rests || FD_ISSET(listener, &readable)) rests = !take_newcomers(listener, clients);
  }
}
