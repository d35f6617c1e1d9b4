// memory-growth: what the server remembers of a client stays after the client has left.
//
// The symptom: each client that comes and goes costs some 4 KiB. Descriptors and threads come back,
// the process's memory (VmRSS) does not: 10,000 short visits take 40 MiB, and it never falls.
// The story: each thread needs an object with a stable address, so main keeps a list of them.
// Nobody knows when main may drop an entry, as the thread may still use it, so it never does; and
// as the list still points at each, no leak checker complains. A day on the desk is some hundred
// clients.
// The fix: let the object belong to whoever is last to need it: here the thread itself (a local
// variable, or a unique_ptr moved into it).
//
// Model: threads

#include <list>

#include "student.h"

namespace {

struct Session {
  int client = -1;
  long echoed = 0;  // bytes
  char buffer[4096] = {};
};

void serve(Session& session) {
  for (;;) {
    const ssize_t received = ::recv(session.client, session.buffer, sizeof session.buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!zoo::send_all(session.client, session.buffer, static_cast<std::size_t>(received))) break;
    session.echoed += received;
  }
  ::close(session.client);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  std::list<Session> sessions;
  for (;;) {
    Session& session = sessions.emplace_back();
    session.client = zoo::accept_client(listener);
    try {
      std::thread(serve, std::ref(session)).detach();
    } catch (const std::system_error&) {
      ::close(session.client);
    }
  }
}
