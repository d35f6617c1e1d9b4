// rdhup-drops-data: EPOLLRDHUP is taken for "the client has gone", and the client is closed, with
// all that it sent before and that was not yet read.
//
// The symptom: a client that sends and at once says that it has finished (nc with a file) gets
// nothing back, but the end of the stream or a reset. A client that reads before it ends is fine.
// The story: the man page says "peer closed connection, or shut down writing half", and the author
// reads the first half. On the desk somebody types, reads, and then presses Ctrl-D, so the end
// comes alone; a program's data and end arrive in one event.
// The fix: leave EPOLLRDHUP out. Read until recv returns 0, send what is owed, then close.
//
// Model: epoll

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener, EPOLLIN | EPOLLRDHUP);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      if (event.data.fd == listener) {
        loop.take_newcomers();
      } else if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        loop.drop(event.data.fd);
      } else {
        loop.serve(event.data.fd);
      }
    }
  }
}
