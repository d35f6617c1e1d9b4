#pragma once

#include "03_select/connection.h"
#include "04_poll/client_count.h"
#include "04_poll/epoll_clients.h"
#include "common/listener.h"
#include "common/options.h"
#include "common/shutdown.h"
#include "common/unique_fd.h"

namespace echolab {

/// Serves clients with epoll and one thread.
class EpollLoop {
 public:
  /// `count` decides for how many clients there is room. All arguments must outlive this; the
  /// listener may be open in other processes as well. Throws std::system_error, as do the others.
  EpollLoop(Listener& listener, const Options& options, const Shutdown& shutdown,
            ClientCount& count);

  /// Accepts and serves clients until the shutdown is requested.
  void serve();

  /// Closes the listener, and lets the clients have what they are owed, within the grace.
  void finish();

 private:
  void turn();
  void accept_clients();
  void watch_listener();

  Listener& listener_;
  const Options& options_;
  const Shutdown& shutdown_;
  ClientCount& count_;
  UniqueFd epoll_;
  EpollClients clients_;
  Sweep sweep_;
  bool rested_ = false;
  bool stops_ = false;
};

}  // namespace echolab
