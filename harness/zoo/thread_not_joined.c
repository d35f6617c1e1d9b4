// thread-not-joined: the threads that have ended are neither joined nor detached.
//
// The symptom: each client that comes and goes leaves its thread's stack behind: the process's
// address space (VmSize) grows by 8 MiB a client, and never falls, while the number of threads
// does. In the end no thread can be started, and newcomers are turned away.
// The story: the thread function returns, so the thread is over. But a joinable thread keeps its
// stack and its result until somebody joins it. Of the 8 MiB only some pages were ever touched, so
// `free` and VmRSS tell the desk little.
// The fix: pthread_detach(thread), or start it detached, or join it.
//
// Model: threads

#include "student_c.h"

static void* serve(void* argument) {
  const int client = *(int*)argument;
  free(argument);
  serve_client(client);
  return NULL;
}

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  for (;;) {
    const int client = accept_client(listener);
    int* argument = malloc(sizeof *argument);
    if (argument != NULL) *argument = client;
    pthread_t thread;
    if (argument == NULL || pthread_create(&thread, NULL, serve, argument) != 0) {
      free(argument);
      close(client);
    }
  }
}
