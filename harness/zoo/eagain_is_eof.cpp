// eagain-is-eof: every recv that brings nothing is taken for the end of the stream, even where it
// only says "nothing now" (EAGAIN).
//
// The symptom: the echo of what the client sent is complete, and then the connection is closed,
// though the client has not finished.
// The story: the socket was made non-blocking, so the loop reads until there is no more, and no
// more is -1 as well as 0. The author tried it with `echo hello | nc`, which sends its end at
// once: there the close is right.
// The fix: 0 is the end; -1 with EAGAIN means later; any other -1 means that the client has gone.
//
// Model: poll

#include "student.h"

namespace {

bool serve(zoo::Client& client) {
  char buffer[zoo::kBuffer];
  while ((client.events() & POLLIN) != 0) {
    const ssize_t received = ::recv(client.fd, buffer, sizeof buffer, 0);
    if (received <= 0) {
      client.has_ended = true;
    } else {
      client.owed.append(buffer, static_cast<std::size_t>(received));
    }
  }
  return zoo::flush(client) && !zoo::is_done(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
