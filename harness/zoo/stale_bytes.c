// stale-bytes: it sends strlen bytes of a buffer in which nothing ends the new message.
//
// The symptom: after "hello", the message "ab" comes back as "abllo", with the end of the old one.
// The first message is right; so is each one that is no shorter than all before it.
// The story: the buffer was cleared once, so the first message does end with a zero byte. recv adds
// none: it writes over the old bytes, and those behind stay. Trials with one message each, or with
// longer and longer ones, show nothing.
// The fix: recv says how many bytes came: send that many.
//
// Model: threads

#include "student_c.h"

static void serve(int client) {
  char buffer[4096 + 1] = {0};
  for (;;) {
    const ssize_t received = recv(client, buffer, sizeof buffer - 1, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!send_all(client, buffer, strlen(buffer))) break;
  }
  close(client);
}

int main(int argc, char** argv) {
  thread_per_client(listen_on(port_of(argc, argv)), serve);
}
