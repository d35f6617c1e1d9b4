// parent-fd-leak: the parent keeps its copy of every client's socket.
//
// The symptom: a client that has said all (shutdown) gets its echo, but never the end of the
// stream, although the child that served it has closed the socket and ended. The parent holds one
// socket more after each client; at its limit it turns everybody away, and for good.
// The story: the child serves the client and closes it, so all seems closed that was opened. But
// fork has doubled the descriptor, and the connection ends with the last copy. On the desk the
// client is netcat, and Ctrl-C ends its own side.
// The fix: close(client) in the parent, right after fork.
//
// Model: fork

#include "student_c.h"

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  on_signal(SIGCHLD, reap_children, SA_RESTART);
  const pid_t parent = getpid();
  for (;;) {
    const int client = accept_client(listener);
    const pid_t child = fork();
    if (child < 0) close(client);
    if (child == 0) {
      end_with_parent(parent);
      close(listener);
      serve_client(client);
      _exit(0);
    }
  }
}
