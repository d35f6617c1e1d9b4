// eagain-closes: a send that finds no room (EAGAIN) is treated as a failure, and the client is
// closed.
//
// The symptom: a client that sends for a while without reading is cut off; up to there its echo has
// no gap, and the server lives on.
// The story: "if send returns -1, close" stands in every book that blocks. With a non-blocking
// socket -1 has one more meaning, and it needs a full buffer, which the author's client, reading as
// it goes, never made.
// The fix: on EAGAIN keep what is owed, watch for room (the write set), and go on there.
//
// Model: select

#include <sys/select.h>

#include <algorithm>

#include "student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

bool serve(zoo::Client& client) {
  if (!zoo::receive(client)) return false;
  while (!client.owed.empty()) {
    const ssize_t sent = ::send(client.fd, client.owed.data(), client.owed.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    client.owed.erase(0, static_cast<std::size_t>(sent));
  }
  return !client.has_ended;
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
    FD_ZERO(&readable);
    if (!rests) FD_SET(listener, &readable);
    for (const auto& [fd, client] : clients) FD_SET(fd, &readable);
    const int last = clients.empty() ? listener : std::max(listener, clients.rbegin()->first);
    timeval rest{0, zoo::kRest * 1000};
    if (::select(last + 1, &readable, nullptr, nullptr, rests ? &rest : nullptr) < 0) continue;
    zoo::keep_those(clients, [&](zoo::Client& client) {
      return !FD_ISSET(client.fd, &readable) || serve(client);
    });
    if (rests || FD_ISSET(listener, &readable)) rests = !take_newcomers(listener, clients);
  }
}
