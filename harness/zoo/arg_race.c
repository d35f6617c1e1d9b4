// arg-race: each new thread is given the address of one and the same variable.
//
// The symptom: of clients that connect at the same moment some are accepted and never heard, while
// another is served by two threads. Clients that connect one by one are all well.
// The story: pthread_create wants a pointer, and &client is one. The thread reads it when it first
// runs; by then main may have accepted the next client into the same variable. On the desk the
// thread is always faster than the author's fingers.
// The fix: give each thread a copy of its own: malloc an int and let the thread free it, or pass
// the value itself in the pointer, as (void*)(intptr_t)client.
//
// Model: threads

#include "student_c.h"

static void* serve(void* argument) {
  const int client = *(int*)argument;
  serve_client(client);
  return NULL;
}

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  int client = -1;
  for (;;) {
    client = accept_client(listener);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, &client) != 0) {
      close(client);
      continue;
    }
    pthread_detach(thread);
  }
}
