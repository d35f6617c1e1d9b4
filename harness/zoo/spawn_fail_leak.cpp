// spawn-fail-leak: when fork fails, the newcomer's socket stays open in the parent.
//
// The symptom: at the limit of processes a newcomer is connected, and neither served nor turned
// away: it waits for ever. Each such client costs the server a descriptor that never comes back.
// The story: fork's -1 is noticed, reported, and `continue` keeps the server alive: better than
// most. But the parent's close stands at the end of the loop, and `continue` jumps over it. On the
// desk fork never fails.
// The fix: close(client) before `continue`; or let the parent close before it looks at the result,
// as fork_per_client in student.h does.
//
// Model: fork

#include "student.h"

namespace {

void serve_in_child(int listener, int client, pid_t parent) {
  zoo::end_with_parent(parent);
  ::close(listener);
  zoo::serve_client(client);
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::on_signal(SIGCHLD, zoo::reap_children);
  const pid_t parent = ::getpid();
  for (;;) {
    const int client = zoo::accept_client(listener);
    const pid_t child = ::fork();
    if (child < 0) {
      std::perror("fork");
      continue;
    }
    if (child == 0) serve_in_child(listener, client, parent);
    ::close(client);
  }
}
