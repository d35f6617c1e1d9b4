// eintr-fatal: accept, interrupted by the signal that a child has ended, ends the server.
//
// The symptom: the first client is served to its end; as it leaves, the server exits with "accept:
// Interrupted system call", and every other client is cut off.
// The story: the server was sound. Then zombies were found, and a SIGCHLD handler was added, with
// sigaction and without SA_RESTART (signal() would have set it unasked). Now the accept that waits
// while a child ends returns -1, and the check after it takes EINTR for the end of the world. An
// author who tries one client sees an echo, and is content.
// The fix: SA_RESTART, and where errno is EINTR, call accept again: it is nobody's failure.
//
// Model: fork

#include "student_c.h"

static int accept_next(int listener) {
  for (;;) {
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client >= 0) return client;
    if (is_out_of_resources(errno)) return accept_client(listener);
    if (!is_newcomers_trouble(errno)) die("accept");
  }
}

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  on_signal(SIGCHLD, reap_children, 0);
  const pid_t parent = getpid();
  for (;;) {
    const int client = accept_next(listener);
    if (fork() == 0) {
      end_with_parent(parent);
      close(listener);
      serve_client(client);
      _exit(0);
    }
    close(client);
  }
}
