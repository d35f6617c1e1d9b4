// et-accept-once: with edge trigger (EPOLLET) on the listener, one newcomer is accepted an event,
// though several may have come.
//
// The symptom: of many clients that connect at the same moment only the first is served. The others
// are connected, but nobody has accepted them; every later newcomer brings in just one more.
// The story: one event, one accept: with level trigger that is right, since epoll speaks up again
// as long as somebody waits. By hand nobody connects twice within a millisecond.
// The fix: accept until EAGAIN, or leave the listener level-triggered.
//
// Model: epoll-et

#include "student.h"

namespace {

void take_newcomer(zoo::EpollLoop& loop) {
  int fd = -1;
  do {
    fd = zoo::try_accept(loop.listener);
    loop.rests = fd < 0 && zoo::is_out_of_resources(errno);
  } while (fd < 0 && errno != EAGAIN && !loop.rests);  // that one had gone: the next
  if (fd >= 0) loop.admit(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener, EPOLLIN, EPOLLET);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      if (event.data.fd == listener) {
        take_newcomer(loop);
      } else {
        loop.serve(event.data.fd);
      }
    }
  }
}
