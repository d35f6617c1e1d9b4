// Lab 02: a thread for each client. How one is served is lab 01's, and lies in serve.h.

#include <pthread.h>
#include <stdint.h>

#include "listener.h"
#include "serve.h"

// BEGIN SOLUTION: what a client's thread runs: a function as pthread_create(3) takes it.
static void* serve_in_thread(void* argument) {
  const int client = (int)(intptr_t)argument;
  serve(client);
  close(client);
  return NULL;
}
// END SOLUTION

int main(int argc, char** argv) {
  const int listener = open_listener(argc, argv);
  for (;;) {
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) {
      rest_if_exhausted();
      continue;
    }
    // BEGIN SOLUTION: start a thread for the client, and go on; out of threads, close it.
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve_in_thread, (void*)(intptr_t)client) == 0) {
      pthread_detach(thread);
    } else {
      close(client);
    }
    // END SOLUTION, until then: serve(client); close(client);
  }
}
