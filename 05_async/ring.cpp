#include "05_async/ring.h"

#include <cerrno>
#include <string>

#include "05_async/buffer_pool.h"
#include "common/cannot_run_here.h"
#include "common/system_error.h"

namespace echolab {
namespace {

constexpr unsigned kEntries = 1024;
// Those of many clients may come at once. The kernel keeps what does not fit, at a price.
constexpr unsigned kCompletions = 8192;

constexpr std::uint64_t user_data(Operation operation, int fd) {
  return std::uint64_t{static_cast<std::uint32_t>(operation)} << 32 |
         static_cast<std::uint32_t>(fd);
}

const char* advice(int error) {
  switch (error) {
    case EPERM:
      return "sysctl kernel.io_uring_disabled or the container's seccomp profile forbids it";
    case EINVAL:
      return "Linux 6.1 or later is needed";
    default:
      return "the kernel must be built with CONFIG_IO_URING";
  }
}

/// io_uring_enter(2): interrupted, short of memory, or with completions that are to be read first.
/// What was prepared and not yet taken stays in the queue.
bool is_transient(int error) {
  return error == -EINTR || error == -EAGAIN || error == -EBUSY;
}

}  // namespace

Completion::Completion(const io_uring_cqe& entry)
    : operation(static_cast<Operation>(entry.user_data >> 32)),
      fd(static_cast<int>(entry.user_data & UINT32_MAX)),
      result(entry.res),
      is_last((entry.flags & IORING_CQE_F_MORE) == 0) {
  if ((entry.flags & IORING_CQE_F_BUFFER) != 0) buffer = entry.flags >> IORING_CQE_BUFFER_SHIFT;
}

Ring::Ring() {
  io_uring_params parameters{};
  // io_uring_setup(2): the work that an operation has left is done when this thread asks for
  // completions, and not whenever it happens to be in the kernel. So what was prepared in a turn,
  // such as a cancellation, comes before what has arrived since.
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                     IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  parameters.cq_entries = kCompletions;
  const int error = io_uring_queue_init_params(kEntries, &ring_, &parameters);
  if (error == 0) return;
  const std::string reason = system_error("io_uring_setup", -error).what();
  if (error == -EPERM || error == -EINVAL || error == -ENOSYS) {
    throw CannotRunHere(reason + ": " + advice(-error));
  }
  throw system_error("io_uring_setup", -error);
}

Ring::~Ring() {
  io_uring_queue_exit(&ring_);
}

io_uring_sqe* Ring::prepare(Operation operation, int fd) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    const int submitted = io_uring_submit(&ring_);
    if (submitted < 0 && !is_transient(submitted)) throw system_error("io_uring_enter", -submitted);
    entry = io_uring_get_sqe(&ring_);
  }
  io_uring_sqe_set_data64(entry, user_data(operation, fd));
  return entry;
}

void Ring::submit_and_wait(std::chrono::milliseconds limit) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
  __kernel_timespec timeout{seconds.count(), std::chrono::nanoseconds(limit - seconds).count()};
  io_uring_cqe* first = nullptr;
  const int error = io_uring_submit_and_wait_timeout(
      &ring_, &first, 1, limit.count() < 0 ? nullptr : &timeout, nullptr);
  if (error >= 0 || error == -ETIME || is_transient(error)) return;
  throw system_error("io_uring_enter", -error);
}

void Ring::cancel(Operation operation, int fd) {
  // io_uring_prep_cancel64(3): finds the operation by what it was given at its preparation.
  io_uring_prep_cancel64(prepare(Operation::kCancel, fd), user_data(operation, fd), 0);
}

void require_io_uring() {
  Ring ring;
  const BufferPool buffers(ring);
}

}  // namespace echolab
