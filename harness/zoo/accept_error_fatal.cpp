// accept-error-fatal: whatever goes wrong with one newcomer in accept ends the server.
//
// The symptom: the server runs for weeks, then is gone, with "accept: Software caused connection
// abort" (or "Protocol error", "Network is down") as its last words. All its clients are cut off.
// The story: `if (client < 0) { perror("accept"); exit(1); }` stands in every tutorial, and the
// author has met EINTR and the descriptor limit, and made exceptions of those. The other errors
// belong to a connection that died while it waited to be accepted, and no desk's network does that.
// The fix: accept(2), "Error handling": such an error concerns the newcomer alone. Accept the next.
//
// Model: threads

#include "student.h"

namespace {

int accept_next(int listener) {
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) return client;
    if (zoo::is_out_of_resources(errno)) return zoo::accept_client(listener);
    if (errno != EINTR) zoo::die("accept");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (;;) {
    const int client = accept_next(listener);
    try {
      std::thread(zoo::serve_client, client).detach();
    } catch (const std::system_error&) {
      ::close(client);
    }
  }
}
