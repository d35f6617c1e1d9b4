// pollout-always: every client is watched for room to send (POLLOUT) all the time, also when there
// is nothing to send.
//
// The symptom: with no client, no load; with a single idle one the server burns a whole core.
// Every echo is right.
// The story: "I want to read from it and to write to it, so POLLIN | POLLOUT." But a socket has
// room nearly always, so poll never waits. The author sees the right answers, and not the fan.
// The fix: watch for room only while something is owed.
//
// Model: poll

#include "student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

std::vector<pollfd> whom_to_poll(const Clients& clients) {
  std::vector<pollfd> polled;
  for (const auto& [fd, client] : clients) {
    const int events = client.events() | POLLOUT;
    polled.push_back({fd, static_cast<short>(events), 0});
  }
  return polled;
}

void serve_ready(Clients& clients, const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    const auto found = clients.find(entry.fd);
    if (found == clients.end() || entry.revents == 0) continue;
    if (zoo::serve_turn(found->second)) continue;
    ::close(entry.fd);
    clients.erase(found);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  Clients clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    std::vector<pollfd> polled = whom_to_poll(clients);
    polled.push_back({rests ? -1 : listener, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    serve_ready(clients, polled);
    if (!rests && polled.back().revents == 0) continue;
    rests = !zoo::accept_waiting(listener, [&](int fd) {
      zoo::set_non_blocking(fd);
      clients[fd].fd = fd;
    });
  }
}
