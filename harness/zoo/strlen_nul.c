// strlen-nul: it sends strlen bytes, so that a zero byte ends the message.
//
// The symptom: "ab\0cd" comes back as "ab". What stood before the zero is right, what came with it
// and after it is lost, and the next message is right again.
// The story: the buffer is closed with '\0' in good order, and from then on is taken for a string.
// Text has no zero byte, and the author sends text; a file, a picture or a struct has many.
// The fix: recv says how many bytes came: send that many. Only strings have a strlen.
//
// Model: fork

#include "student_c.h"

static void serve(int client) {
  char buffer[4096 + 1];
  for (;;) {
    const ssize_t received = recv(client, buffer, sizeof buffer - 1, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    buffer[received] = '\0';
    if (!send_all(client, buffer, strlen(buffer))) break;
  }
  close(client);
}

int main(int argc, char** argv) {
  fork_per_client(listen_on(port_of(argc, argv)), serve);
}
