// blocking-listener: several processes wait in poll for the same listener, which is blocking; all
// are woken by one newcomer, one gets it, and the others are stuck in accept.
//
// The symptom: a client that has been served for a while gets no answer any more, after others have
// connected; when one more client connects, the answer comes.
// The story: poll said that somebody waits, so accept cannot block. It could not, on the author's
// desk, with one process: between poll and accept nobody else takes the newcomer. Then the loop
// was started four times, for four cores.
// The fix: make the listener non-blocking; readiness is a hint, and accept may still say EAGAIN.
//
// Model: prefork

#include "student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

constexpr int kWorkers = 4;

void serve_ready(Clients& clients, const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    const auto found = clients.find(entry.fd);
    if (found == clients.end() || entry.revents == 0) continue;
    if (zoo::serve_turn(found->second)) continue;
    ::close(entry.fd);
    clients.erase(found);
  }
}

[[noreturn]] void work(int listener) {
  Clients clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    std::vector<pollfd> polled{{rests ? -1 : listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    serve_ready(clients, polled);
    if (!rests && polled[0].revents == 0) continue;
    const int fd = zoo::try_accept(listener);
    rests = fd < 0 && zoo::is_out_of_resources(errno);
    if (fd < 0) continue;
    zoo::set_non_blocking(fd);
    clients[fd].fd = fd;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  const pid_t parent = ::getpid();
  for (int worker = 0; worker < kWorkers; ++worker) {
    const pid_t pid = ::fork();
    if (pid < 0) zoo::die("fork");
    if (pid > 0) continue;
    zoo::end_with_parent(parent);
    work(listener);
  }
  while (::wait(nullptr) > 0 || errno == EINTR) {
  }
  return 1;
}
