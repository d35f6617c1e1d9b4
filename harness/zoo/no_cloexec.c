// no-cloexec: whatever program the server starts has all clients' connections open, too.
//
// The symptom: some clients' connections do not end, though the server has closed them; after a
// restart the port is "already in use", by a program that has nothing to do with it.
// The story: socket and accept were called as in every book. For years that was well, until the
// server learnt to start a program, to send a mail or to rotate its log: that one inherits every
// descriptor that is open, keeps the connections alive, and could read and write them.
// The fix: SOCK_CLOEXEC for socket and accept4 (in Python it is the default): the kernel then
// closes the descriptor in whatever program the process becomes.
//
// Model: threads

#include "student_c.h"

static void serve(int client) {
  fcntl(client, F_SETFD, fcntl(client, F_GETFD) & ~FD_CLOEXEC);  // as accept returns it
  serve_client(client);
}

int main(int argc, char** argv) {
  thread_per_client(listen_on(port_of(argc, argv)), serve);
}
