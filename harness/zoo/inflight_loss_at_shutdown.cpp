// inflight-loss-at-shutdown: it ends in good order, status 0, but drops what it still has to echo.
//
// The symptom: after SIGTERM it ends with exit status 0, as a server does that has finished its
// work. But bytes which reached it before the signal never come back: neither those it had not read
// yet, nor those it owed to a slow reader. Often the client sees a reset.
// The story: "close everything and return" is the orderly end of a program, and the kernel does
// send what it has been given. It cannot send what was never given to it. On the author's desk
// nobody is in the middle of anything when the server ends.
// The fix: close the listener, serve on until every client has all its bytes (or a few seconds have
// passed), shut down the sending side, then return.
//
// Model: poll

#include <sys/signalfd.h>

#include <csignal>

#include "student.h"

namespace {

/// A descriptor that becomes readable when the server is to end.
int watch_for_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int end = ::signalfd(-1, &signals, SFD_CLOEXEC);
  if (end < 0) zoo::die("signalfd");
  return end;
}

bool welcome_newcomers(int listener, std::map<int, zoo::Client>& clients) {
  return zoo::accept_waiting(listener, [&](int fd) {
    zoo::set_non_blocking(fd);
    clients[fd].fd = fd;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  const int end = watch_for_end();
  std::map<int, zoo::Client> clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  zoo::set_non_blocking(listener);
  for (;;) {
    std::vector<pollfd> polled{{end, POLLIN, 0}, {rests ? -1 : listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    if (polled[0].revents != 0) break;
    for (std::size_t i = 2; i < polled.size(); ++i) {
      if (polled[i].revents == 0 || zoo::serve_turn(clients[polled[i].fd])) continue;
      ::close(polled[i].fd);
      clients.erase(polled[i].fd);
    }
    if (rests || polled[1].revents != 0) rests = !welcome_newcomers(listener, clients);
  }
  for (const auto& [fd, client] : clients) ::close(fd);
  ::close(listener);
  return 0;
}
