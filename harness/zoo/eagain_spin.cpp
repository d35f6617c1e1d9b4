// eagain-spin: when send says EAGAIN, it tries again, at once, until there is room.
//
// The symptom: while one client does not read, the server burns a whole core, and nobody else is
// served. When the client reads at last, all is well, and not a byte is lost.
// The story: "try again" is what the name says, and a loop around send is what short writes ask
// for: both together look like care. On the desk the loop runs once.
// The fix: keep what could not be sent, go back to poll, and wait there for POLLOUT as well.
//
// Model: poll

#include "student.h"

namespace {

bool send_everything(int client, const char* data, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(client, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent < 0) continue;
    data += sent;
    size -= sent;
  }
  return true;
}

bool serve(zoo::Client& client) {
  char buffer[zoo::kBuffer];
  const ssize_t received = ::recv(client.fd, buffer, sizeof buffer, 0);
  if (received < 0) return errno == EAGAIN || errno == EINTR;
  return received > 0 && send_everything(client.fd, buffer, received);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
