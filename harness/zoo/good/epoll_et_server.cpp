// epoll-et-server: nothing is wrong here. One thread serves all clients, by epoll with edge
// trigger.
//
// What it takes care of: an edge is told once, so a client is read until EAGAIN and written until
// EAGAIN; both edges are watched from the start, so none can be missed; a turn ends after a few
// buffers, and then the client is armed anew (EPOLL_CTL_MOD reports again what is still there), so
// that nobody starves; no more is read than was sent back; the listener is level-triggered, for
// there an edge would gain nothing; the result of epoll_ctl is looked at.
// Compare with: et-not-drained, et-accept-once, starvation, eagain-is-eof, rdhup-drops-data,
// epoll-ctl-unchecked, fd-leak-on-reset, stale-event.
//
// Model: epoll-et

#include "../student.h"

namespace {

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLET;
constexpr int kBuffersPerTurn = 8;

enum class Turn { kWaitsForEdge, kHasMore, kIsOver };

Turn serve(zoo::Client& client) {
  for (int buffer = 0; buffer < kBuffersPerTurn; ++buffer) {
    if (!zoo::flush(client)) return Turn::kIsOver;
    if (!client.owed.empty()) return Turn::kWaitsForEdge;  // send said EAGAIN
    if (client.has_ended) return Turn::kIsOver;
    if (!zoo::receive(client)) return Turn::kIsOver;
    const bool is_drained = client.owed.empty() && !client.has_ended;
    if (is_drained) return Turn::kWaitsForEdge;  // recv said EAGAIN
  }
  return Turn::kHasMore;
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::EpollLoop loop(listener, kEdges);
  for (;;) {
    for (const epoll_event& event : loop.wait()) {
      const int fd = event.data.fd;
      if (fd == listener) {
        loop.take_newcomers();
        continue;
      }
      const Turn turn = serve(loop.clients[fd]);
      const bool is_armed = turn == Turn::kWaitsForEdge ||
                            (turn == Turn::kHasMore && loop.watch(EPOLL_CTL_MOD, fd, kEdges));
      if (!is_armed) loop.drop(fd);
    }
  }
}
