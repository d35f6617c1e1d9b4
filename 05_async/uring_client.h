#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "05_async/buffer_pool.h"
#include "05_async/ring.h"
#include "common/client_record.h"
#include "common/linger.h"
#include "common/options.h"
#include "common/session.h"
#include "common/unique_fd.h"

namespace echolab {

/// One client of a completion loop: its socket, its session, and the operations that the kernel has
/// under way for it. Nothing here blocks, and nothing here throws but a broken ring: one client's
/// trouble ends that client only.
///
/// A completion loop tells what has been done, on_received() and on_sent(), and then lets the
/// client start what it needs next, go_on(). Until an operation has its last completion, the
/// socket and the bytes that are being sent belong to the kernel: only then finished() is true.
class UringClient {
 public:
  /// `ring` and `buffers` must outlive the client.
  UringClient(UniqueFd socket, const Options& options, Ring& ring, BufferPool& buffers);
  ~UringClient();
  UringClient(const UringClient&) = delete;
  UringClient& operator=(const UringClient&) = delete;

  /// The receive has brought bytes, the end of the stream or an error, or it has been cancelled.
  void on_received(const Completion& completion);

  /// The send has completed.
  void on_sent(const Completion& completion);

  /// Starts the operations that the session needs next, and cancels those that it does not want.
  void go_on();

  /// The server shuts down: what has arrived is still answered, and then the stream ends.
  void end_input();

  /// Ends the connection if nothing has come or gone for --idle-timeout.
  void end_if_idle();

  /// Ends the connection, whatever is owed to the client. The first reason counts.
  void fail(std::string_view reason);
  void fail(const char* call, int error);

  /// True when the client is to be removed: it has finished or failed, and the kernel is done.
  [[nodiscard]] bool finished();

 private:
  enum class State { kNone, kUnderWay, kCancelled };

  void receive();
  void send();
  void cancel(State& operation, Operation which);
  void take(std::span<const std::byte> received);
  void pass_on();
  void count_as_active();
  [[nodiscard]] bool wants_to_receive() const;
  [[nodiscard]] bool has_unread_input() const;
  [[nodiscard]] bool needs_to_linger() const;

  Ring& ring_;
  BufferPool& buffers_;
  UniqueFd socket_;
  std::unique_ptr<Session> session_;
  ClientRecord record_;
  LingeringClose lingering_close_;
  std::chrono::milliseconds idle_timeout_;
  std::chrono::steady_clock::time_point active_at_{};
  std::vector<std::byte> held_;  // received while the session could take nothing
  State receiving_ = State::kNone;
  State sending_ = State::kNone;
  bool end_is_held_ = false;
  bool failed_ = false;
};

}  // namespace echolab
