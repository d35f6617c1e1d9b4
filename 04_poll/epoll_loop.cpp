// The loop of epoll_server.cpp, and of each worker of 06_multiprocess/prefork_epoll_server.cpp.
// Compare with: diff 04_poll/poll_server.cpp 04_poll/epoll_loop.cpp

#include "04_poll/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include "common/system_error.h"

namespace echolab {
namespace {

/// A flood of newcomers must not keep those connected from their turn.
constexpr int kMaxAcceptsPerTurn = 64;

// epoll_create1(2): the descriptors to ask about, in a list that stays in the kernel.
UniqueFd create_epoll() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) throw system_error("epoll_create1");
  return epoll;
}

}  // namespace

EpollLoop::EpollLoop(Listener& listener, const Options& options, const Shutdown& shutdown,
                     ClientCount& count)
    : listener_(listener),
      options_(options),
      shutdown_(shutdown),
      count_(count),
      epoll_(create_epoll()),
      clients_(epoll_, options) {
  epoll_control(epoll_, EPOLL_CTL_ADD, shutdown.fd(), EPOLLIN);
  epoll_control(epoll_, EPOLL_CTL_ADD, listener.fd(), EPOLLIN);
}

void EpollLoop::accept_clients() {
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    UniqueFd client(::accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return listener_.accept_failed(errno);
    if (!count_.take()) {
      listener_.turned_away("--max-clients are connected");
      continue;
    }
    admit(listener_, [&] { clients_.add(std::move(client), Place(&count_)); });
  }
}

/// While the listener rests, its readiness does not count.
void EpollLoop::watch_listener() {
  if (listener_.closed() || listener_.resting() == rested_) return;
  rested_ = !rested_;
  epoll_control(epoll_, EPOLL_CTL_MOD, listener_.fd(), rested_ ? 0U : EPOLLIN);
}

// BEGIN turn
void EpollLoop::turn() {
  watch_listener();
  const int limit = sleep_limit(listener_, options_);
  std::array<epoll_event, 512> events;
  // epoll_wait(2): sleeps until a descriptor is ready, and reports those that are, no others.
  const int ready =
      ::epoll_wait(epoll_.get(), events.data(), events.size(), clients_.any_ready() ? 0 : limit);
  if (ready < 0 && errno != EINTR) throw system_error("epoll_wait");
  if (ready < 0) return;

  bool has_newcomers = false;
  clients_.serve_ready();
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(ready))) {
    if (event.data.fd == listener_.fd()) has_newcomers = true;
    if (event.data.fd == shutdown_.fd()) stops_ = true;
    clients_.serve(event.data.fd);
  }
  if (sweep_.is_due(limit)) clients_.remove_finished();
  if (has_newcomers) accept_clients();
}
// END turn

void EpollLoop::serve() {
  while (!stops_) turn();
}

void EpollLoop::finish() {
  epoll_control(epoll_, EPOLL_CTL_DEL, shutdown_.fd(), 0);
  // To close it is not enough where other processes have it open, too: epoll(7).
  epoll_control(epoll_, EPOLL_CTL_DEL, listener_.fd(), 0);
  listener_.close();
  clients_.end_input();
  while (clients_.size() != 0 && !shutdown_.grace_over()) turn();
}

}  // namespace echolab
