// nagle-delayed-ack: it sends an answer in small pieces, and leaves the kernel to collect them.
//
// The symptom: every byte is right, but an answer of eight bytes takes 40 ms, with all processors
// idle. A client that sends on, without waiting for its answers, notices nothing.
// The story: one byte is looked at, and sent, then the next. The first goes out at once. The others
// wait until that one is acknowledged (Nagle), and the client's kernel waits 40 ms before it
// acknowledges, hoping for an answer to send along. The author types, and no eye sees 40 ms.
// The fix: one send for one answer; or TCP_NODELAY, where pieces cannot be avoided.
//
// Model: threads

#include "student.h"

namespace {

bool send_bytes(int client, const char* bytes, ssize_t size) {
  for (ssize_t i = 0; i < size; ++i) {
    if (!zoo::send_all(client, bytes + i, 1)) return false;
  }
  return true;
}

void serve(int client) {
  char buffer[4096];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!send_bytes(client, buffer, received)) break;
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
