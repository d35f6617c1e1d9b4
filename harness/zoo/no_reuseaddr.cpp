// no-reuseaddr: it binds without SO_REUSEADDR, and so cannot start again for a minute.
//
// The symptom: a server that ended before its clients leaves connections in TIME_WAIT. A new one on
// the same port ends at once, with "bind: Address already in use", though nobody listens there.
// The story: one line less, and the first start always succeeds. The author waits a little, or
// takes the next port, and thinks that the old process is slow to go.
// The fix: setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, ...) before bind. On Linux this still
// refuses a port on which somebody listens.
//
// Model: poll

#include "student.h"

namespace {

int listen_on_free_port(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) zoo::die("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) zoo::die("bind");
  if (::listen(listener, SOMAXCONN) < 0) zoo::die("listen");
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(listen_on_free_port(zoo::port_of(argc, argv)), zoo::serve_turn);
}
