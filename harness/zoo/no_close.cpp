// no-close: the socket of a client that has left is never closed.
//
// The symptom: a client that has said all (shutdown) waits for the end of the echo for ever: all
// its bytes come back, but no end of stream. The server holds one socket more after each client,
// until it has no descriptors left and turns everybody away.
// The story: a descriptor is only an int, and nothing reminds one of it as `delete` does. The
// thread ends, its buffer is gone, netcat has been ended by Ctrl-C, and all looks tidy.
// The fix: close(client) on every way out, or an object that owns the descriptor and closes it in
// its destructor.
//
// Model: threads

#include "student.h"

namespace {

void serve(int client) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return;
    if (!zoo::send_all(client, buffer, static_cast<std::size_t>(received))) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
