// zombies: the children that have ended are never waited for.
//
// The symptom: every client that leaves lets a "<defunct>" process (state Z) behind. After some
// thousand the user's limit of processes is reached: fork fails, and newcomers are turned away.
// The story: the child ends by itself, in _exit, so what should be left to do? But its exit status
// waits for the parent to fetch it, and its entry in the process table with it. When the server is
// ended in the evening, init sweeps them all away before anybody looks.
// The fix: a SIGCHLD handler that calls waitpid(-1, NULL, WNOHANG) until nothing is left (see
// reap_children in student_c.h), or signal(SIGCHLD, SIG_IGN).
//
// Model: fork

#include "student_c.h"

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  const pid_t parent = getpid();
  for (;;) {
    const int client = accept_client(listener);
    if (fork() == 0) {
      end_with_parent(parent);
      close(listener);
      serve_client(client);
      _exit(0);
    }
    close(client);
  }
}
