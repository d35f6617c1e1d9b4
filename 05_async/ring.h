#pragma once

#include <liburing.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace echolab {

/// What an operation does. It goes to the kernel with the operation, and comes back with its
/// completion.
enum class Operation : std::uint32_t { kAccept, kNewcomer, kReceive, kSend, kCancel, kShutdown };

/// What the kernel says of an operation on descriptor `fd`.
struct Completion {
  Operation operation;
  int fd;
  int result;                           ///< what the system call would return, or -errno
  bool is_last;                         ///< false while a multishot operation goes on
  std::optional<std::uint16_t> buffer;  ///< of the pool: it was taken for this completion

  explicit Completion(const io_uring_cqe& entry);
};

/// An io_uring(7): a queue of operations for the kernel, a queue of their completions, both in
/// memory that the kernel shares. For one thread.
class Ring {
 public:
  /// Throws CannotRunHere where the kernel lacks io_uring, is too old, or forbids it.
  Ring();
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] io_uring* get() { return &ring_; }

  /// A place in the queue for one operation on `fd`, to be filled in by an io_uring_prep_*(3). The
  /// kernel sees it at the next submission; that is now, for those before, when the queue is full.
  /// Throws std::system_error.
  [[nodiscard]] io_uring_sqe* prepare(Operation operation, int fd);

  /// Submits what was prepared, and sleeps until something has completed, or for `limit`; for ever
  /// if that is negative. One system call does both. Throws std::system_error.
  void submit_and_wait(std::chrono::milliseconds limit);

  /// Passes each completion that has come to `handle`, in their order.
  template <typename Handle>
  void for_each_completion(Handle handle) {
    unsigned count = 0;
    unsigned head = 0;
    io_uring_cqe* entry = nullptr;
    io_uring_for_each_cqe(&ring_, head, entry) {
      handle(Completion(*entry));
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
  }

  /// Cancels that operation, if it has not ended. It has a last completion in any case.
  void cancel(Operation operation, int fd);

 private:
  io_uring ring_{};
};

/// Throws CannotRunHere, with one line that says why, where io_uring_server cannot run.
void require_io_uring();

}  // namespace echolab
