// one-client-at-a-time: the server talks to one client until it leaves, and only then accepts.
//
// The symptom: a second client connects, and sends, and hears nothing, until the first has left.
// Nothing is lost: the kernel has completed its connection and keeps its bytes.
// The story: the tutorial's first server is "accept, then echo until the end", in a loop. On the
// author's desk there is one netcat at a time, and each is served at once.
// The fix: give each client a thread or a process (see thread_per_client in student.h), or wait for
// all of them at once with poll.
//
// Model: iterative

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (;;) {
    const int client = zoo::accept_client(listener);
    zoo::serve_client(client);
  }
}
