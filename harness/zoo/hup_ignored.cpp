// hup-ignored: what poll reports is compared with ==, so a client whose connection is broken
// (POLLIN | POLLERR | POLLHUP) is neither read nor closed.
//
// The symptom: after a client resets its connection, the server burns a whole core and keeps the
// socket; everybody else is served as before.
// The story: for data, and for an end in good order, revents is just POLLIN, and the comparison
// holds. A reset adds two bits that were never asked for; then no branch fits, and poll, which has
// not been listened to, says it again at once.
// The fix: test bits with &, and treat POLLERR and POLLHUP like readable: recv tells what it is.
//
// Model: poll

#include "student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

bool serve(zoo::Client& client, short happened) {
  if (happened == POLLIN) {
    if (!zoo::receive(client)) return false;
  } else if (happened != POLLOUT) {
    return true;
  }
  return zoo::flush(client) && !zoo::is_done(client);
}

std::vector<pollfd> whom_to_poll(const Clients& clients) {
  std::vector<pollfd> polled;
  for (const auto& [fd, client] : clients) {
    const short events = client.owed.empty() ? POLLIN : POLLOUT;
    polled.push_back({fd, events, 0});
  }
  return polled;
}

void serve_ready(Clients& clients, const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    const auto found = clients.find(entry.fd);
    if (found == clients.end() || serve(found->second, entry.revents)) continue;
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
