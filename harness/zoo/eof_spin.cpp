// eof-spin: recv returns 0 at the end of the stream, and nobody looks for 0.
//
// The symptom: after a client has said that it has finished, it waits in vain for the server to
// close; and the server burns a whole core, as long as it lives.
// The story: positive is data, negative is an error, and the third case was not thought of. A
// socket at its end is readable for ever, so poll returns at once, each time. Every echo is still
// right; the author's fan tells, not the author's client.
// The fix: recv 0 means that the client has ended: send what is owed, then close.
//
// Model: poll

#include "student.h"

namespace {

bool serve(zoo::Client& client) {
  if ((client.events() & POLLIN) != 0) {
    char buffer[zoo::kBuffer];
    const ssize_t received = ::recv(client.fd, buffer, sizeof buffer, 0);
    if (received > 0) {
      client.owed.append(buffer, static_cast<std::size_t>(received));
    } else if (received < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return zoo::flush(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
