// thread-server: nothing is wrong here. Each client has a thread of its own.
//
// What it takes care of: the descriptor is handed over by value; the buffer lives on the thread's
// own stack; recv and send are repeated after EINTR, and send until all is taken; a broken client
// ends its thread, not the process (MSG_NOSIGNAL); threads are detached, so none stays behind; when
// there are no more threads or descriptors, the newcomer is turned away, and the rest go on.
// Compare with: arg-race, shared-buffer, thread-not-joined, sigpipe-default, spawn-fail-fatal,
// spawn-fail-leak, short-write-blocking.
//
// Model: threads

#include "../student.h"

namespace {

void serve(int client) {
  char buffer[zoo::kBuffer];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!zoo::send_all(client, buffer, static_cast<std::size_t>(received))) break;
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (;;) {
    const int client = zoo::accept_client(listener);
    try {
      std::thread(serve, client).detach();
    } catch (const std::system_error&) {
      ::close(client);
    }
  }
}
