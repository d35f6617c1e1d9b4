// wait-full-buffer: it waits until 1,024 bytes are there before it sends any of them.
//
// The symptom: "hello" does not come back. With more and more bytes sent, 1,024 come back at once,
// then silence until there are 1,024 more. When the client ends its side, the rest comes back.
// The story: recv returned less than was asked for, which looked like a mistake, and MSG_WAITALL
// was the cure: "block until the full request is satisfied". fread does the same. Trials with a
// file through nc, which ends its side, come out right.
// The fix: fewer bytes than the buffer holds are a good result: send back what came.
//
// Model: fork

#include "student_c.h"

enum { BLOCK = 1024 };

static void serve(int client) {
  char block[BLOCK];
  for (;;) {
    const ssize_t received = recv(client, block, BLOCK, MSG_WAITALL);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!send_all(client, block, (size_t)received)) break;
  }
  close(client);
}

int main(int argc, char** argv) {
  fork_per_client(listen_on(port_of(argc, argv)), serve);
}
