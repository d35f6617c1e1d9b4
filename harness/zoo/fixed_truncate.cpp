// fixed-truncate: of what arrives together, all beyond the first 1,024 bytes is thrown away.
//
// The symptom: small messages come back whole. 64 KiB at once come back with gaps, and nothing that
// follows brings the missing bytes. The connection stays open.
// The story: an answer has room for 1,024 bytes, and a cut is better than writing past its end: so
// far, rightly thought. The author's messages are short, and a message of more seemed to be an
// abuse. But messages that are sent soon after each other arrive as one.
// The fix: what does not fit now is kept for the next turn of the loop, and not cut off.
//
// Model: poll

#include <algorithm>

#include "student.h"

namespace {

constexpr std::size_t kLongestMessage = 1024;

bool serve(zoo::Client& client) {
  if ((client.events() & POLLIN) != 0) {
    char buffer[zoo::kBuffer];
    const ssize_t received = ::recv(client.fd, buffer, sizeof buffer, 0);
    if (received < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (received == 0) client.has_ended = true;
    if (received > 0) {
      client.owed.append(buffer, std::min(static_cast<std::size_t>(received), kLongestMessage));
    }
  }
  return zoo::flush(client) && !zoo::is_done(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::serve_by_poll(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
