// short-write-blocking: it takes a send that returned for a send of everything.
//
// The symptom: nearly always all is well. But where a signal interrupts the server while it waits
// for room to send (a stop and a continue will do), bytes are missing from there on.
// The story: "a blocking send blocks until everything is sent". So it does, as long as no signal
// comes: then it returns how much it has sent so far. On the author's desk no signal comes, and
// short messages always fit.
// The fix: send in a loop, until all is sent: send_all in student.h.
//
// Model: fork

#include "student.h"

namespace {

void serve(int client) {
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    ssize_t sent = 0;
    do {
      sent = ::send(client, buffer, static_cast<std::size_t>(received), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) break;
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::fork_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
