#pragma once

#include <memory>

namespace echolab {

/// Counts the clients of an epoll loop, for --max-clients. The loops of several processes may be
/// counted together.
class ClientCount {
 public:
  ClientCount() = default;
  virtual ~ClientCount() = default;
  ClientCount(const ClientCount&) = delete;
  ClientCount& operator=(const ClientCount&) = delete;

  /// Counts one more: true. False if there is no room for it.
  [[nodiscard]] virtual bool take() = 0;

  /// One that was taken has gone.
  virtual void release() = 0;
};

struct Release {
  void operator()(ClientCount* count) const { count->release(); }
};

/// Belongs to a client that was taken, and releases it.
using Place = std::unique_ptr<ClientCount, Release>;

}  // namespace echolab
