// busy-poll: the loop asks the listener and every client again and again, and never waits.
//
// The symptom: the server burns a whole core from its first moment, without a single client. Every
// echo is right, and quick.
// The story: all sockets were made non-blocking, and then the loop works at once, without select
// or poll, which are said to be difficult. On a desk with cores to spare it even looks fast.
// The fix: wait in poll (or select, or epoll) until one of them has something to say.
//
// Model: non-blocking

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  std::map<int, zoo::Client> clients;
  for (;;) {
    zoo::accept_waiting(listener, [&](int fd) {
      zoo::set_non_blocking(fd);
      clients[fd].fd = fd;
    });
    zoo::keep_those(clients, zoo::serve_turn);
  }
}
