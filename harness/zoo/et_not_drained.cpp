// et-not-drained: with edge trigger (EPOLLET) the server receives once an event, though there may
// be more than one buffer's worth.
//
// The symptom: of a larger message the first 16 KiB come back, and then nothing. The rest comes
// when the client sends something more, and again something stays behind.
// The story: EPOLLET was added because it is said to be faster; the loop had been written for level
// trigger, which reports what is left over. Edge trigger reports arrivals only. Typed lines fit the
// buffer, so nothing was ever left over.
// The fix: read until EAGAIN (with a bound, and then re-arm), or take EPOLLET away.
//
// Model: epoll-et

#include "student.h"

namespace {

bool serve(zoo::Client& client) {
  const bool wants_input = (client.events() & POLLIN) != 0;
  if (wants_input && !zoo::receive(client)) return false;
  return zoo::flush(client) && !zoo::is_done(client);
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
