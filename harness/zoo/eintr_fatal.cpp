// eintr-fatal: poll, interrupted by a signal, ends the server.
//
// The symptom: a signal that the server means to handle (here SIGUSR1, for a line of statistics)
// ends it instead, with "poll: Interrupted system call".
// The story: poll's result is checked, as it should be, and -1 means that something is badly wrong.
// Only not with EINTR: a handler ran, and poll reports it, with or without SA_RESTART (signal(7)).
// The author tried SIGUSR1 while the server was busy, and not while it waited in poll.
// The fix: if errno is EINTR, begin the next turn of the loop.
//
// Model: poll

#include "student.h"

namespace {

volatile std::sig_atomic_t report_is_wanted = 0;

void ask_for_report(int) {
  report_is_wanted = 1;
}

void wait_for_events(std::vector<pollfd>& polled, int timeout) {
  if (::poll(polled.data(), polled.size(), timeout) < 0) zoo::die("poll");
}

void serve_ready(std::map<int, zoo::Client>& clients, const std::vector<pollfd>& polled) {
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
  zoo::on_signal(SIGUSR1, ask_for_report);
  std::map<int, zoo::Client> clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    if (report_is_wanted != 0) std::fprintf(stderr, "%zu clients\n", clients.size());
    report_is_wanted = 0;
    std::vector<pollfd> polled{{rests ? -1 : listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    wait_for_events(polled, rests ? zoo::kRest : -1);
    serve_ready(clients, polled);
    if (!rests && polled[0].revents == 0) continue;
    rests = !zoo::accept_waiting(listener, [&](int fd) {
      zoo::set_non_blocking(fd);
      clients[fd].fd = fd;
    });
  }
}
