// short-write-ignored: send is called once for what was received, and it does not matter how much
// of it was taken.
//
// The symptom: a client that reads slowly finds gaps in its echo; the connection stays open.
// The story: send has always taken everything, because the author's client reads at once and the
// socket's buffer is never full. The check for EAGAIN looks careful; what it does is to throw the
// bytes away.
// The fix: keep what send did not take, wait for POLLOUT, and send the rest then.
//
// Model: poll

#include "student.h"

namespace {

bool serve(zoo::Client& client) {
  char buffer[zoo::kBuffer];
  const ssize_t received = ::recv(client.fd, buffer, sizeof buffer, 0);
  if (received < 0) return errno == EAGAIN || errno == EINTR;
  if (received == 0) return false;
  ssize_t sent = 0;
  do {
    sent = ::send(client.fd, buffer, static_cast<std::size_t>(received), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 || errno == EAGAIN;
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
