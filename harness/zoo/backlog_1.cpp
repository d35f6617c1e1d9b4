// backlog-1: it asks for a queue of one waiting connection.
//
// The symptom: of sixteen clients that connect while the server is busy, two are in at once; the
// others need a second, or three, since their first packet was dropped and is sent again after that
// time.
// The story: "one, since it serves one at a time", or a 1 from an example. The number is not how
// many clients there may be, but how many may wait to be accepted. One author at one desk is never
// two.
// The fix: listen(listener, SOMAXCONN).
//
// Model: poll

#include "student.h"

namespace {

int listen_with_short_queue(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) zoo::die("socket");
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) zoo::die("bind");
  if (::listen(listener, 1) < 0) zoo::die("listen");
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(listen_with_short_queue(zoo::port_of(argc, argv)), zoo::serve_turn);
}
