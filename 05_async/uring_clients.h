#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "05_async/buffer_pool.h"
#include "05_async/ring.h"
#include "05_async/uring_client.h"
#include "common/options.h"
#include "common/unique_fd.h"

namespace echolab {

/// All clients of a completion loop, by their descriptors: these come back with the completions. No
/// descriptor is closed, and so none is given out anew, while an operation on it is under way.
class UringClients {
 public:
  /// `ring` must outlive the clients. Throws std::system_error.
  UringClients(Ring& ring, const Options& options);

  [[nodiscard]] std::size_t size() const { return size_; }

  /// Throws std::bad_alloc where there is no memory for one more; then all is as it was.
  void add(UniqueFd socket);

  void on_received(const Completion& completion);
  void on_sent(const Completion& completion);

  /// Once a turn, since a client may have had several completions in it: they all start what they
  /// need next, and those that have finished are removed.
  void go_on();

  /// The server shuts down: what has arrived is still answered, and then the streams end.
  void end_input();

  /// Looks after what depends on time: idle clients, lingering ones, the grace of a shutdown.
  void sweep();

 private:
  void go_on_with(std::size_t fd);

  Ring& ring_;
  BufferPool buffers_;
  const Options& options_;
  std::vector<std::unique_ptr<UringClient>> clients_;  // by descriptor
  std::size_t size_ = 0;
  std::vector<std::size_t> due_;  // those to go on with, at the end of the turn, each once:
  std::vector<bool> is_due_;      // so the room that add() makes suffices when there is no memory
};

}  // namespace echolab
