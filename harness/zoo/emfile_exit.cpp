// emfile-exit: out of descriptors, the server gives up.
//
// The symptom: with enough clients at once the server exits with "accept: Too many open files", and
// drops all those that it was serving well.
// The story: the author read that accept may fail by a newcomer's fault, and listed those errors.
// All others must be the server's own mistakes, so it stops. `ulimit -n` says 1,024 or more, and
// nobody opens that many clients on a desk.
// The fix: treat EMFILE, ENFILE, ENOBUFS and ENOMEM as "not now": turn the newcomer away with a
// descriptor held in reserve, rest for a moment, and go on (see accept_client in student.h).
//
// Model: threads

#include "student.h"

namespace {

int accept_next(int listener) {
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) return client;
    if (errno != EINTR && !zoo::is_newcomers_trouble(errno)) zoo::die("accept");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (;;) {
    const int client = accept_next(listener);
    try {
      std::thread(zoo::serve_client, client).detach();
    } catch (const std::system_error&) {
      ::close(client);
    }
  }
}
