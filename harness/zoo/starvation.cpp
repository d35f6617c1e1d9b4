// starvation: a client is served until it has nothing more to say, however long that takes.
//
// The symptom: as long as one client sends without a pause, and reads, the others wait: a single
// byte of theirs comes back only after megabytes of its.
// The story: "with edge trigger, read until EAGAIN" is the rule, and it was followed to the letter.
// On the desk a client sends a line, so EAGAIN comes with the second recv. A client as quick as the
// server never lets it come.
// The fix: a turn has an end: after a few reads the others come first. Since the edge is over,
// re-arm the client (EPOLL_CTL_MOD), so that epoll reports it again.
//
// Model: epoll-et

#include "student.h"

namespace {

bool serve(zoo::Client& client) {
  for (;;) {
    if (!zoo::flush(client)) return false;
    if (!client.owed.empty()) return true;  // no room: the next edge is EPOLLOUT
    if (client.has_ended) return false;
    if (!zoo::receive(client)) return false;
    if (client.owed.empty() && !client.has_ended) return true;  // drained: the next edge is EPOLLIN
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener, EPOLLIN | EPOLLOUT | EPOLLET);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      const int fd = event.data.fd;
      if (fd == listener) {
        loop.take_newcomers();
      } else if (!serve(loop.clients[fd])) {
        loop.drop(fd);
      }
    }
  }
}
