// sigterm-flag-restart: SIGTERM sets a flag, which is looked at only when the next client comes.
//
// The symptom: after SIGTERM the server goes on. One more client connects, and then it ends. The
// clients that it has meanwhile go on being served.
// The story: a handler may do little, so it sets a flag, as the books say, and the loop asks for
// it. But signal(2) asks for SA_RESTART: the kernel goes back into accept, as if nothing had been.
// On the author's desk the next client always comes soon.
// The fix: sigaction without SA_RESTART, which leaves a moment between the question and accept; or
// a signalfd or a pipe, polled together with the listener, which leaves none.
//
// Model: threads

#include "student_c.h"

static volatile sig_atomic_t is_ending = 0;

static void end_soon(int signal_number) {
  (void)signal_number;
  is_ending = 1;
}

static void* serve(void* client) {
  serve_client((int)(intptr_t)client);
  return NULL;
}

int main(int argc, char** argv) {
  const int listener = listen_on(port_of(argc, argv));
  signal(SIGTERM, end_soon);
  while (!is_ending) {
    const int client = accept_client(listener);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void*)(intptr_t)client) != 0) {
      close(client);  // no more threads: this client is turned away
      continue;
    }
    pthread_detach(thread);
  }
  return 0;
}
