// stale-event: epoll's list of events is gone through twice, and between the two a descriptor's
// number may have passed from a client that was closed to a newcomer.
//
// The symptom: when one client resets its connection and another connects at that same moment, the
// newcomer is closed without having been served.
// The story: the author wants to serve first and to clear away afterwards. But serving has closed
// the broken client already, accept gave its number to the newcomer (the lowest that is free), and
// the event in the second pass is about the one who had the number before. Clients that come and
// go one at a time never meet like that.
// The fix: one pass; or let each event carry the client itself and a generation, not just a number.
//
// Model: epoll

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener);
  for (;;) {
    const std::span<const epoll_event> events = loop.wait();
    for (const epoll_event& event : events) {
      if (event.data.fd == listener) {
        loop.take_newcomers();
      } else {
        loop.serve(event.data.fd);
      }
    }
    for (const epoll_event& event : events) {
      const bool is_broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
      if (is_broken && loop.clients.contains(event.data.fd)) loop.drop(event.data.fd);
    }
  }
}
