// sigchld-once: the SIGCHLD handler fetches one child, where several may have ended.
//
// The symptom: of clients that leave one by one nothing stays; of twelve that leave in the same
// moment some children stay as zombies (state Z), for as long as the server lives.
// The story: one signal for each child, so one wait for each signal. But signals do not queue: a
// SIGCHLD that comes while another is pending is the same SIGCHLD. By hand, clients leave one by
// one.
// The fix: while (waitpid(-1, NULL, WNOHANG) > 0) {} in the handler.
//
// Model: fork

#include "student_c.h"

static void fetch_child(int signal) {
  (void)signal;
  const int error = errno;
  waitpid(-1, NULL, WNOHANG);
  errno = error;
}

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  on_signal(SIGCHLD, fetch_child, SA_RESTART);
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
