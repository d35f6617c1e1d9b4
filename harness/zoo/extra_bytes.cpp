// extra-bytes: it sends the whole buffer back, however little of it was received.
//
// The symptom: five bytes go out, 1,024 come back: the five, and then zeros or older bytes.
// Whatever is sent, what comes back is a multiple of 1,024 bytes.
// The story: sizeof is the size of the buffer, and the call wants a size. The author's client
// prints the answer as a string, which ends at the first zero: the surplus is never seen.
// The fix: recv says how many bytes came: send that many.
//
// Model: threads

#include "student.h"

namespace {

void serve(int client) {
  char buffer[1024] = {};
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!zoo::send_all(client, buffer, sizeof buffer)) break;
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
