// fork-server: nothing is wrong here. Each client has a process of its own.
//
// What it takes care of: the parent closes its copy of the client's socket, the child its copy of
// the listener; children are collected as they end, all that have ended, since signals do not
// queue; accept goes on after a signal; a fork that fails costs that client only; and when the
// parent ends, its children end, so that nobody is left over.
// Compare with: parent-fd-leak, zombies, sigchld-once, eintr-fatal, listener-survives-parent,
// spawn-fail-fatal, spawn-fail-leak.
//
// Model: fork

#include "../student.h"

namespace {

void collect_children(int) {
  const int error = errno;
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  errno = error;
}

void serve(int client) {
  char buffer[zoo::kBuffer];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!zoo::send_all(client, buffer, static_cast<std::size_t>(received))) break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::on_signal(SIGCHLD, collect_children, SA_RESTART);
  const pid_t parent = ::getpid();
  for (;;) {
    const int client = zoo::accept_client(listener);
    if (::fork() == 0) {
      zoo::end_with_parent(parent);
      ::close(listener);
      serve(client);
      ::_exit(0);
    }
    ::close(client);  // the child's own stays open; and without a child the client is turned away
  }
}
