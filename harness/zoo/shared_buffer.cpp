// shared-buffer: all threads receive into one and the same buffer.
//
// The symptom: a client gets bytes of another client. The length is right, the content is not; it
// takes two clients at the same moment, or one that reads slowly.
// The story: `static` keeps 16 KiB off the stack, and in the single-threaded server that this once
// was, one buffer was enough. Between recv and send pass a few microseconds; two clients typed by
// hand never meet in them.
// The fix: a buffer for each client: a local variable of the thread, or a member of its object.
//
// Model: threads

#include "student.h"

namespace {

void serve(int client) {
  static char buffer[16 * 1024];
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
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
