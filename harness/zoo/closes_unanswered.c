// closes-unanswered: main closes the client's socket as soon as the client has its thread.
//
// The symptom: clients connect and are disconnected at once; now and then one still gets a word in.
// The server's log, if it has one, speaks of a bad file descriptor.
// The story: it was a server that forks, where the parent has to close its copy of the socket. The
// fork became pthread_create, and the close stayed. Threads share their descriptors: there is no
// copy, and the thread's socket is gone under its hands. The same is done by a `with`, or by an
// object that owns the socket, around the place where the thread is started.
// The fix: the thread that serves the client closes it, when it has finished; nobody else.
//
// Model: threads

#include <stdint.h>

#include "student_c.h"

static void* serve(void* argument) {
  serve_client((int)(intptr_t)argument);
  return NULL;
}

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  for (;;) {
    const int client = accept_client(listener);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void*)(intptr_t)client) == 0) {
      pthread_detach(thread);
    }
    close(client);
  }
}
