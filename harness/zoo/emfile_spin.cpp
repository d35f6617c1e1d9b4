// emfile-spin: out of descriptors, the loop asks again at once, and again, for ever.
//
// The symptom: when the last descriptor is used and one more client wants to connect, the server
// takes a whole core, for as long as that client waits. All who are connected are still served.
// The story: accept may fail, and then there is simply no new client in this turn: right for EAGAIN
// and for a connection that was aborted. But where there is no descriptor for it, the newcomer
// stays in the queue, the listener stays readable, and poll never waits again.
// The fix: hold a descriptor in reserve to take the newcomer and turn it away; and where even that
// fails, leave the listener out of poll for a moment (see serve_by_poll in student.h).
//
// Model: poll

#include "student.h"

namespace {

std::map<int, zoo::Client> clients;

void take_newcomer(int listener) {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  clients[client].fd = client;
}

void serve_ready(const std::vector<pollfd>& polled) {
  for (std::size_t i = 1; i < polled.size(); ++i) {
    const int fd = polled[i].fd;
    if (polled[i].revents == 0 || zoo::serve_turn(clients[fd])) continue;
    ::close(fd);
    clients.erase(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  for (;;) {
    std::vector<pollfd> polled{{listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    serve_ready(polled);
    if (polled[0].revents != 0) take_newcomer(listener);
  }
}
