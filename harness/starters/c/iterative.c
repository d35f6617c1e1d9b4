// Lab 01: one client at a time.

#include "listener.h"
#include "serve.h"

int main(int argc, char** argv) {
  const int listener = open_listener(argc, argv);
  for (;;) {
    // BEGIN SOLUTION: accept the next client, serve it to its end, close it.
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) {
      rest_if_exhausted();
      continue;
    }
    serve(client);
    close(client);
    // END SOLUTION, until then: pause();
  }
}
