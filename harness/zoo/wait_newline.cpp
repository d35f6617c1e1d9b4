// wait-newline: it waits for the end of a line before it sends anything back.
//
// The symptom: "hello" does not come back until a line feed follows it. Complete lines come back at
// once; the rest of a message does when the client ends its side, or when the line is very long.
// The story: the author's client is a terminal, which sends line by line, so that a message seems
// to be a line. A client that sends "hello" and waits for it waits for ever, and so does the
// server.
// The fix: echo what came. Nothing in the protocol speaks of lines.
//
// Model: threads

#include "student.h"

namespace {

constexpr std::size_t kLongestLine = 60 * 1024;

void serve(int client) {
  std::string line;
  char buffer[4096];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) break;
    line.append(buffer, static_cast<std::size_t>(received));
    const bool sends_all = received == 0 || line.size() >= kLongestLine;
    const std::size_t size = sends_all ? line.size() : line.rfind('\n') + 1;  // npos + 1 is 0
    if (!zoo::send_all(client, line.data(), size)) break;
    line.erase(0, size);
    if (received == 0) break;
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
