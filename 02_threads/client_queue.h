#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "common/shutdown.h"
#include "common/unique_fd.h"

namespace echolab {

/// A bounded queue between the one thread that accepts clients and the workers that serve them:
/// first come, first served.
///
/// The two sides wait in different ways. A worker waits for a client and nothing else: a condition
/// variable does. The thread that accepts must not sleep through a signal, which wakes nobody in a
/// condition variable; so it waits for a place with poll(2), for which the free places are counted
/// by an eventfd(2).
class ClientQueue {
 public:
  /// `places` must not be 0. Throws std::system_error.
  explicit ClientQueue(std::size_t places);

  /// Blocks until there is a place: true. False once the shutdown is requested. Throws
  /// std::system_error.
  [[nodiscard]] bool wait_for_place(const Shutdown& shutdown) const;

  /// Appends a client and wakes a worker. There must be a place: wait_for_place() said so, and no
  /// other thread puts.
  void put(UniqueFd client);

  /// Blocks until there is a client, and takes the oldest. Once the queue is closed it does not
  /// block; what is left is handed out, and then descriptors that own nothing.
  [[nodiscard]] UniqueFd take();

  /// No more clients will be put.
  void close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<UniqueFd> places_;  // used in a circle
  std::size_t oldest_ = 0;        // where the client is whose turn comes next
  std::size_t count_ = 0;
  bool closed_ = false;
  UniqueFd free_places_;
};

}  // namespace echolab
