// epoll: poll with a list that the kernel keeps
// The idea: let no call block on one client. Tell the kernel once which descriptors are to be
// watched; it then reports those that are ready, and says nothing of the others.
// What blocks, and where: epoll_wait, until any descriptor is ready. Nothing else.
// State per client, and who owns it: a Connection (its socket, its session), which only this thread
// touches, and an entry in the kernel's list, found by the same descriptor.
// What one more client costs: some hundred bytes here and some in the kernel. No time while it is
// silent: a turn of the loop costs what those cost that are ready.
// How it fails: a session that computes for long stalls every client, and a second processor is of
// no use: 06_multiprocess/prefork_epoll_server.cpp runs this loop in several processes. With
// --edge-triggered, input that is not read to its end is not reported again, and lies there.
// Run it: ./lab run epoll --port 7007
// Compare with: diff 04_poll/poll_server.cpp 04_poll/epoll_loop.cpp
// Lab: 04_poll/README.md

#include <cstddef>

#include "04_poll/epoll_loop.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

/// The clients of this one process.
class OwnCount final : public ClientCount {
 public:
  explicit OwnCount(std::size_t max_clients) : room_(max_clients) {}

  bool take() override {
    if (room_ == 0) return false;
    --room_;
    return true;
  }
  void release() override { ++room_; }

 private:
  std::size_t room_;
};

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  OwnCount count(options.max_clients);
  EpollLoop loop(listener, options, shutdown, count);
  loop.serve();
  log::event("SHUTTING DOWN");
  loop.finish();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("epoll", argc, argv, echolab::run, {"--edge-triggered"});
}
