// epoll-ctl-unchecked: nobody looks whether the kernel did add the new client to the epoll set.
//
// The symptom: when the kernel refuses (ENOSPC: this user watches too much; ENOMEM), the client is
// accepted and then neither served nor closed, for ever.
// The story: epoll_ctl has never failed on the author's machine. Its limit stands in
// /proc/sys/fs/epoll/max_user_watches, and there is a system where it is small.
// The fix: check it; if the newcomer cannot be watched, close it.
//
// Model: epoll

#include "student.h"

namespace {

void admit(zoo::EpollLoop& loop, int fd) {
  zoo::set_non_blocking(fd);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event);
  loop.clients[fd].fd = fd;
}

void take_newcomers(zoo::EpollLoop& loop) {
  const bool rested = loop.rests;
  loop.rests = !zoo::accept_waiting(loop.listener, [&](int fd) { admit(loop, fd); });
  if (loop.rests == rested) return;
  if (!loop.watch(EPOLL_CTL_MOD, loop.listener, loop.rests ? 0 : POLLIN)) loop.rests = true;
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      if (event.data.fd == listener) {
        take_newcomers(loop);
      } else {
        loop.serve(event.data.fd);
      }
    }
  }
}
