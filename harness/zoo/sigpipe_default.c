// sigpipe-default: a client that leaves before it has read its echo kills the server by SIGPIPE.
//
// The symptom: the server is gone, and said nothing: no message, no core, only the shell's status
// 141 (128 + 13). All other clients are cut off in the same moment.
// The story: the author checks write's result, and closes the client if it fails. But before write
// can fail with EPIPE, the kernel sends SIGPIPE, whose default action ends the process. netcat
// reads all that it is sent, so on the desk it takes a client killed at the right moment.
// The fix: send(..., MSG_NOSIGNAL), or signal(SIGPIPE, SIG_IGN) at the start; then EPIPE arrives.
//
// Model: threads

#include "student_c.h"

static bool write_all(int client, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(client, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= (size_t)written;
  }
  return true;
}

static void serve(int client) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t received = read(client, buffer, sizeof buffer);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!write_all(client, buffer, (size_t)received)) break;
  }
  close(client);
}

int main(int argc, char** argv) {
  thread_per_client(listen_on(port_of(argc, argv)), serve);
}
