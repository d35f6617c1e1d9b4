// eintr-fatal: recv with a time-out, interrupted by stop and continue, ends the client.
//
// The symptom: Ctrl-Z and fg, or a debugger that attaches, and all clients are cut off that were
// silent at that moment. Nothing is logged.
// The story: silent clients were to be sent away after a minute, and SO_RCVTIMEO does that in a
// line. But a recv that has a time-out is not restarted after SIGCONT, although nobody handles that
// signal: it returns -1 with EINTR, and "if (received <= 0) break" takes that for the end, as it
// takes the time-out. Without the time-out the same code had been sound.
// The fix: where errno is EINTR, call recv again: it is nobody's failure.
//
// Model: threads

#include "student_c.h"

static void serve_for_a_minute(int client) {
  const struct timeval minute = {.tv_sec = 60};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t received = recv(client, buffer, sizeof buffer, 0);
    if (received <= 0) break;
    if (!send_all(client, buffer, (size_t)received)) break;
  }
  close(client);
}

int main(int argc, char** argv) {
  thread_per_client(listen_on(port_of(argc, argv)), serve_for_a_minute);
}
