// fd-leak-on-reset: a client that ends in good order is closed; one whose recv or send fails is
// only forgotten.
//
// The symptom: the server's open sockets grow by one with every client that resets its connection,
// and only with those, until there are no descriptors left.
// The story: the close stands where recv returns 0, where the author's clients always end. The
// error path was written later: it says what happened, takes the client off the books, and goes on.
// The fix: one way out for a client, whatever the reason; close is on it.
//
// Model: epoll

#include "student.h"

namespace {

void forget(zoo::EpollLoop& loop, int fd) {
  std::perror("client");
  if (!loop.watch(EPOLL_CTL_DEL, fd, 0)) std::perror("epoll_ctl");
  loop.clients.erase(fd);
}

void serve(zoo::EpollLoop& loop, int fd) {
  zoo::Client& client = loop.clients[fd];
  const bool wants_input = (client.events() & POLLIN) != 0;
  if ((wants_input && !zoo::receive(client)) || !zoo::flush(client)) {
    forget(loop, fd);
  } else if (zoo::is_done(client) || !loop.watch(EPOLL_CTL_MOD, fd, client.events())) {
    loop.drop(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener);
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
