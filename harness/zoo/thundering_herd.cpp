// thundering-herd: every newcomer wakes all eight processes, and seven find nothing.
//
// The symptom: every answer is right. But for each connection the processes together are switched
// eight times and more, and CPU time a connection grows with the number of processes.
// The story: to use all cores, the author forks after listen, and each process polls the same
// listener: the kernel will choose. It chooses all of them: poll says that the listener is ready,
// not whose it is. On the desk the machine has nothing better to do.
// The fix: epoll with EPOLLEXCLUSIVE wakes one (or few); a blocking accept in each wakes one; with
// SO_REUSEPORT each process has a queue of its own.
//
// Model: prefork

#include "student.h"

namespace {

constexpr int kWorkers = 8;

pid_t start_worker(int listener, pid_t parent) {
  const pid_t worker = ::fork();
  if (worker != 0) return worker;
  zoo::end_with_parent(parent);
  zoo::serve_by_poll(listener, zoo::serve_turn);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  const pid_t parent = ::getpid();
  for (int i = 0; i < kWorkers; ++i) {
    if (start_worker(listener, parent) < 0) zoo::die("fork");
  }
  while (::wait(nullptr) > 0) {  // one has ended, though none should: replace it
    while (start_worker(listener, parent) < 0) ::poll(nullptr, 0, zoo::kRest);
  }
}
