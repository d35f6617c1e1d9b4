// io-uring: completion instead of readiness
// The idea: ask the kernel to do the transfers, and be told when they are done. Operations go into
// one queue, completions come out of another, and one system call serves both, for all clients.
// What blocks, and where: io_uring_enter, inside Ring::submit_and_wait. Nothing else.
// State per client, and who owns it: a UringClient in a table of this thread's. But its socket and
// its output are the kernel's, too, while an operation on them is under way.
// What one more client costs: a few hundred bytes here and in the kernel. Its receive buffer comes
// from a pool when there are bytes to put into it: silent clients cost no buffer, and no time.
// How it fails: memory given back while the kernel still writes to it, and a socket closed while an
// operation holds it open, fail in silence. Many containers forbid io_uring altogether.
// Run it: ./lab run io-uring --port 7007
// Compare with: diff 04_poll/epoll_loop.cpp 05_async/io_uring_server.cpp
// Lab: 05_async/README.md

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "03_select/connection.h"
#include "05_async/ring.h"
#include "05_async/uring_clients.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

class UringLoop {
 public:
  UringLoop(Listener& listener, const Options& options, Shutdown& shutdown)
      : listener_(listener), options_(options) {
    start_accepting();
    watch(Operation::kShutdown, shutdown.fd());
  }

  /// An operation holds the listener open: it is to be awaited, as those of the clients are.
  void serve() {
    while (!listener_.closed() || accepting_ || clients_.size() != 0) turn();
  }

 private:
  // BEGIN turn
  void turn() {
    const int limit = sleep_limit(listener_, options_);
    ring_.submit_and_wait(std::chrono::milliseconds(limit));
    ring_.for_each_completion([this](const Completion& completion) { complete(completion); });
    clients_.go_on();
    if (sweep_.is_due(limit)) clients_.sweep();
    if (!accepting_ && !listener_.closed() && !listener_.resting()) wait_for_newcomer();
  }
  // END turn

  void complete(const Completion& completion) {
    switch (completion.operation) {
      case Operation::kAccept:
        accepting_ = !completion.is_last;
        return on_accepted(completion.result);
      case Operation::kNewcomer:
        accepting_ = false;
        return start_accepting();
      case Operation::kReceive:
        return clients_.on_received(completion);
      case Operation::kSend:
        return clients_.on_sent(completion);
      case Operation::kShutdown:
        return on_shutdown();
      case Operation::kCancel:
        return;  // the cancelled operation has a completion, too
    }
  }

  /// One operation, and a completion for every client that comes.
  void start_accepting() {
    if (listener_.closed()) return;
    io_uring_sqe* const entry = ring_.prepare(Operation::kAccept, listener_.fd());
    // io_uring_prep_multishot_accept(3): ends when it fails.
    io_uring_prep_multishot_accept(entry, listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    accepting_ = true;
  }

  void on_accepted(int result) {
    UniqueFd client(result);
    if (listener_.closed()) return;
    if (!client) return accept_failed(-result);
    if (clients_.size() >= options_.max_clients) {
      listener_.turned_away("--max-clients are connected");
    } else if (is_beyond_limit(client)) {
      listener_.turned_away("its descriptor is beyond the limit (RLIMIT_NOFILE)");
    } else {
      admit(listener_, [&] { clients_.add(std::move(client)); });
    }
  }

  /// Out of descriptors, the kernel says so before it looks for a newcomer: there may be none.
  void accept_failed(int error) {
    pollfd newcomer{listener_.fd(), POLLIN, 0};
    const bool is_early = error == EMFILE || error == ENFILE;
    if (!is_early || ::poll(&newcomer, 1, 0) != 0) listener_.accept_failed(error);
  }

  /// The kernel looked up the limit once, when accepting began: prlimit(2) may have lowered it.
  static bool is_beyond_limit(const UniqueFd& client) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<rlim_t>(client.get()) >= limit.rlim_cur;
  }

  /// Accepting has failed. Begun again at once, it might fail at once, and so for ever.
  void wait_for_newcomer() {
    watch(Operation::kNewcomer, listener_.fd());
    accepting_ = true;
  }

  void watch(Operation operation, int fd) {
    // io_uring_prep_poll_add(3): completes when `fd` is readable.
    io_uring_prep_poll_add(ring_.prepare(operation, fd), fd, POLLIN);
  }

  void on_shutdown() {
    log::event("SHUTTING DOWN");
    ring_.cancel(Operation::kAccept, listener_.fd());
    ring_.cancel(Operation::kNewcomer, listener_.fd());
    listener_.close();
    clients_.end_input();
  }

  Listener& listener_;
  const Options& options_;
  Ring ring_;
  UringClients clients_{ring_, options_};
  Sweep sweep_;
  bool accepting_ = false;  // whether an operation on the listener is under way
};

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  UringLoop(listener, options, shutdown).serve();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("io-uring", argc, argv, echolab::run, {}, echolab::require_io_uring);
}
