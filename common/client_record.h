#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace echolab {

/// One client's life as the log and the final summary see it, from accept to close:
///
///     [NEW CONNECTION] 127.0.0.1:51234
///     [ACTIVE CONNECTIONS] 3
///     [DISCONNECTED] 127.0.0.1:51234: 4096 bytes sent
///
/// The totals are kept in memory that forked processes share with their parent, so that they hold
/// for every model.
class ClientRecord {
 public:
  explicit ClientRecord(int client_fd);
  ~ClientRecord();
  ClientRecord(const ClientRecord&) = delete;
  ClientRecord& operator=(const ClientRecord&) = delete;

  /// `count` more bytes were sent to the client.
  void sent(std::size_t count) { bytes_ += count; }

  /// Why the client is about to be disconnected, where it is not the end of its stream:
  /// "recv: Connection reset by peer". The first reason counts: others follow from it.
  void failed(std::string_view reason) {
    if (failure_.empty()) failure_ = reason;
  }

  /// The reason where the client is neither done nor at fault, but the server cannot wait for it.
  static constexpr const char* kCutOff = "cut off by the server";

  /// The reason where --idle-timeout is it.
  static constexpr const char* kIdleTooLong = "idle for too long";

  /// What all clients of this server, in all its processes, amount to.
  struct Totals {
    std::uint64_t clients = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] static Totals totals();

  /// A process died that had a client's record in its care.
  static void lost();

 private:
  std::string peer_;
  std::string failure_;
  std::size_t bytes_ = 0;
};

}  // namespace echolab
