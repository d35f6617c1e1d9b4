// spawn-fail-fatal: a thread that cannot be started ends the whole server.
//
// The symptom: at the limit of threads or of memory one more client is enough: the server aborts
// ("terminate called ... Resource temporarily unavailable"), and every client is cut off.
// The story: `std::thread(serve, client).detach()` is one line, and no line of it says that it may
// throw std::system_error. Nobody catches it, so std::terminate does. A desk has room for thousands
// of threads; a container with a limit of processes, or a user's own limit, has not.
// The fix: catch std::system_error, close this one client, and go on serving those one has.
//
// Model: threads

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (;;) {
    const int client = zoo::accept_client(listener);
    std::thread(zoo::serve_client, client).detach();
  }
}
