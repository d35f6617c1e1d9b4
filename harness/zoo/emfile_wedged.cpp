// emfile-wedged: out of descriptors, the server stops accepting, and never begins again.
//
// The symptom: after the descriptors have run out once, newcomers connect and hear nothing, even
// when all others have left. The server is idle; the kernel's queue of connections grows.
// The story: the author had found the loop spinning at the limit, and now takes the listener out of
// poll. When to put it back? "When there is room"; a case for later, and it was forgotten. The test
// at the limit went well: no spin, no exit; then the server was ended.
// The fix: leave the listener out for a moment only, by poll's time-out, and try again (see
// serve_by_poll in student.h).
//
// Model: poll

#include "student.h"

namespace {

std::map<int, zoo::Client> clients;
bool accepts = true;

void take_newcomer(int listener) {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client >= 0) {
    clients[client].fd = client;
  } else if (zoo::is_out_of_resources(errno)) {
    std::perror("accept");
    accepts = false;
  }
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
    std::vector<pollfd> polled{{accepts ? listener : -1, POLLIN, 0}};  // poll ignores a -1
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    serve_ready(polled);
    if (polled[0].revents != 0) take_newcomer(listener);
  }
}
