// eof-drops-pending: when the client has sent its end, the connection is closed as soon as all is
// read, with what is still owed to it.
//
// The symptom: a client that sends much, says that it has finished and only then reads gets the
// beginning of its echo, and then the end of the stream: the tail is missing. Small messages with
// an end are answered in full.
// The story: the author once lost data by closing at EPOLLRDHUP, and has learnt to read to the end
// first. But the one send that follows takes what there is room for; the rest goes with the close.
// On the desk there is room for all, since the client reads each answer before it goes.
// The fix: the end of what a client sends is not the end of what it reads. Note that it has ended,
// wait for room until nothing is owed, then close.
//
// Model: epoll

#include "student.h"

namespace {

void finish(zoo::EpollLoop& loop, int fd) {
  zoo::Client& client = loop.clients[fd];
  bool is_there = true;
  while (is_there && !client.has_ended) is_there = zoo::receive(client);
  if (is_there) zoo::flush(client);
  loop.drop(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  const int room = 32 * 1024;  // bytes that the kernel is to hold for one client: they inherit it
  ::setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  zoo::EpollLoop loop(listener, EPOLLIN | EPOLLRDHUP);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      if (event.data.fd == listener) {
        loop.take_newcomers();
      } else if ((event.events & EPOLLRDHUP) != 0) {
        finish(loop, event.data.fd);
      } else {
        loop.serve(event.data.fd);
      }
    }
  }
}
