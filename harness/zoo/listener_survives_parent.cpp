// listener-survives-parent: the children of a forking server keep its listening socket open.
//
// The symptom: the server is ended by SIGTERM while a client is connected, and the port still
// listens: newcomers connect, and nobody ever accepts them. The server cannot be started again
// ("Address already in use") until the last old client has left.
// The story: fork copies every descriptor, the listener too. The child has no use for it, and so
// does not think of it. On the desk no client is connected when the server is restarted.
// The fix: close(listener) first of all in the child. (That it stays to serve its client to the end
// is well.)
//
// Model: fork

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::on_signal(SIGCHLD, zoo::reap_children);
  for (;;) {
    const int client = zoo::accept_client(listener);
    if (::fork() == 0) {
      zoo::serve_client(client);
      ::_exit(0);
    }
    ::close(client);
  }
}
