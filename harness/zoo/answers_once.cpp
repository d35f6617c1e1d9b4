// answers-once: a client is watched with EPOLLONESHOT, and never again after its first event.
//
// The symptom: the first message of every client comes back. The second one lies in the kernel, and
// the server sleeps; the connection is never closed either.
// The story: one event for one receive was meant for a pool of threads, of which no two should
// serve the same client. After each event the kernel waits to be asked again, and nobody asks. Who
// forgets the next async_read, or the next request to io_uring, gets the same. The fix: after each
// event, ask for the next one with EPOLL_CTL_MOD; or take EPOLLONESHOT away.
//
// Model: epoll

#include "student.h"

namespace {

void serve(zoo::EpollLoop& loop, int fd) {
  zoo::Client& client = loop.clients[fd];
  if (!zoo::serve_turn(client)) loop.drop(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener, EPOLLIN | EPOLLONESHOT);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      if (event.data.fd == listener) {
        loop.take_newcomers();
      } else {
        serve(loop, event.data.fd);
      }
    }
  }
}
