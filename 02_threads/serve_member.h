#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/options.h"
#include "common/shutdown.h"
#include "common/unique_fd.h"

namespace echolab {

/// One client's way to a chat room that is elsewhere: behind a lock, or in another process.
class RoomLink {
 public:
  RoomLink() = default;
  virtual ~RoomLink() = default;
  RoomLink(const RoomLink&) = delete;
  RoomLink& operator=(const RoomLink&) = delete;

  /// Readable when take() has something to give, and for good once the room has ended the link.
  [[nodiscard]] virtual int fd() const = 0;

  /// False while some member has not taken for a while what the room has for it, because its
  /// thread or process has not had its turn: till it has, the client should not be received from.
  [[nodiscard]] virtual bool listens() = 0;

  /// The client has said `line`.
  virtual void say(std::string_view line) = 0;

  /// The client says nothing more: the room ends the link as soon as it has passed on what the
  /// client is still to hear. During a shutdown that is what all others say, and the last word.
  virtual void finish_saying() = 0;

  /// What the room has said since the last call, "" if nothing; none once the room has ended the
  /// link. Does not block. Throws std::runtime_error when too much was said to be kept.
  [[nodiscard]] virtual std::optional<std::string> take() = 0;
};

/// Serves one client of a chat room until it leaves or is disconnected, or the server shuts down:
/// waits for the client and for the room at once. `client` must be non-blocking. One client's
/// trouble ends that client only.
void serve_member(UniqueFd client, RoomLink& room, const Options& options,
                  const Shutdown& shutdown);

}  // namespace echolab
