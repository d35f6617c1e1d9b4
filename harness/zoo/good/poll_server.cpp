// poll-server: nothing is wrong here. One thread serves all clients, by poll.
//
// What it takes care of: sockets are non-blocking; what send did not take is kept and sent when
// there is room (POLLOUT, watched only then); a client that is owed 64 KiB is not read from; one
// buffer a turn, so that everybody has a turn; recv 0 is an end, but what is owed is still sent;
// a broken connection shows in recv or send, whatever bits poll set, and ends that client only; out
// of descriptors, newcomers are turned away, and if even that fails the listener rests.
// Compare with: short-write-ignored, eagain-closes, eof-drops-pending, eof-spin, hup-ignored,
// pollout-always, busy-poll, fixed-client-array.
//
// Model: poll

#include "../student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

std::vector<pollfd> whom_to_poll(const Clients& clients) {
  std::vector<pollfd> polled;
  for (const auto& [fd, client] : clients) {
    const bool has_room = client.owed.size() + zoo::kBuffer <= zoo::kMaxOwed;
    short events = 0;
    if (!client.has_ended && has_room) events |= POLLIN;
    if (!client.owed.empty()) events |= POLLOUT;
    polled.push_back({fd, events, 0});
  }
  return polled;
}

/// False if the client is to be closed.
bool serve(zoo::Client& client, const pollfd& polled) {
  if ((polled.events & POLLIN) != 0 && !zoo::receive(client)) return false;
  if (!zoo::flush(client)) return false;
  return !client.has_ended || !client.owed.empty();
}

void serve_ready(Clients& clients, const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    const auto found = clients.find(entry.fd);
    if (found == clients.end() || entry.revents == 0) continue;
    if (serve(found->second, entry)) continue;
    ::close(entry.fd);
    clients.erase(found);
  }
}

/// False if the listener is to rest.
bool take_newcomers(int listener, Clients& clients) {
  return zoo::accept_waiting(listener, [&](int fd) {
    zoo::set_non_blocking(fd);
    clients[fd].fd = fd;
  });
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
    const int ready = ::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1);
    if (ready < 0 && errno != EINTR) zoo::die("poll");
    if (ready < 0) continue;
    serve_ready(clients, polled);
    if (rests || polled.back().revents != 0) rests = !take_newcomers(listener, clients);
  }
}
