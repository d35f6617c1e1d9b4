#include "05_async/uring_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "common/services/services.h"
#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {

namespace {

using Clock = std::chrono::steady_clock;

// Cancelled by this program, interrupted, or without a buffer while all were in use: no news of the
// client.
bool ended_to_be_repeated(int error) {
  return error == -ECANCELED || error == -EINTR || error == -ENOBUFS;
}

}  // namespace

UringClient::UringClient(UniqueFd socket, const Options& options, Ring& ring, BufferPool& buffers)
    : ring_(ring),
      buffers_(buffers),
      socket_(std::move(socket)),
      session_(make_session(options.service)),
      record_(socket_.get()),
      lingering_close_(socket_.get()),
      idle_timeout_(options.idle_timeout) {
  count_as_active();
}

UringClient::~UringClient() {
  if (!session_->finished()) record_.failed(ClientRecord::kCutOff);
}

// One operation, and a completion whenever bytes have come. The kernel takes a buffer from the pool
// only then; IORING_CQE_F_BUFFER and the number of the buffer are in the completion.
void UringClient::receive() {
  io_uring_sqe* const entry = ring_.prepare(Operation::kReceive, socket_.get());
  // io_uring_prep_recv_multishot(3): no buffer and no length here: the pool has them.
  io_uring_prep_recv_multishot(entry, socket_.get(), nullptr, 0, 0);
  io_uring_sqe_set_flags(entry, IOSQE_BUFFER_SELECT);
  entry->buf_group = BufferPool::kGroup;
  receiving_ = State::kUnderWay;
}

void UringClient::on_received(const Completion& completion) {
  if (completion.is_last) receiving_ = State::kNone;
  if (completion.result > 0) {
    take(buffers_.bytes(*completion.buffer, static_cast<std::size_t>(completion.result)));
  } else if (completion.result == 0) {
    end_is_held_ = true;
  } else if (!ended_to_be_repeated(completion.result)) {
    fail("recv", -completion.result);
  }
  if (completion.buffer) buffers_.give_back(*completion.buffer);
}

// Bytes may come while the output is being sent, and more of them than the session takes. They are
// copied: a client that does not read must not keep a buffer from all others.
void UringClient::take(std::span<const std::byte> received) try {
  count_as_active();
  if (sending_ == State::kNone && held_.empty() && session_->wants_input()) {
    session_->receive(received);
  } else {
    held_.insert(held_.end(), received.begin(), received.end());
  }
} catch (const std::exception& error) {
  fail(error.what());
}

// Only while nothing is being sent: receive() moves the output, which the kernel is reading.
void UringClient::pass_on() try {
  if (sending_ != State::kNone) return;
  while (!held_.empty() && session_->wants_input()) {
    const std::size_t count = std::min(held_.size(), Session::kMaxReceive);
    session_->receive(std::span(held_).first(count));
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (held_.empty() && std::exchange(end_is_held_, false)) session_->receive_eof();
} catch (const std::exception& error) {
  fail(error.what());
}

void UringClient::send() {
  const auto output = session_->output();
  io_uring_sqe* const entry = ring_.prepare(Operation::kSend, socket_.get());
  // io_uring_prep_send(3): where there is no room now, the kernel waits for it and then sends: at
  // need in a thread of its own (iou-wrk), which it adds to this process.
  io_uring_prep_send(entry, socket_.get(), output.data(), output.size(), MSG_NOSIGNAL);
  sending_ = State::kUnderWay;
}

void UringClient::on_sent(const Completion& completion) {
  sending_ = State::kNone;
  if (ended_to_be_repeated(completion.result)) return;
  if (completion.result < 0) return fail("send", -completion.result);
  try {
    session_->sent(static_cast<std::size_t>(completion.result));
  } catch (const std::exception& error) {
    fail(error.what());
  }
  record_.sent(static_cast<std::size_t>(completion.result));
  count_as_active();
}

void UringClient::go_on() {
  if (!failed_) pass_on();
  if (failed_) cancel(sending_, Operation::kSend);
  if (!wants_to_receive()) cancel(receiving_, Operation::kReceive);
  if (failed_) return;
  if (sending_ == State::kNone && !session_->output().empty()) send();
  if (receiving_ == State::kNone && wants_to_receive()) receive();
}

// Without it, a multishot receive would go on to bring what there is no room for.
bool UringClient::wants_to_receive() const {
  return !failed_ && held_.empty() && !end_is_held_ && session_->wants_input();
}

void UringClient::cancel(State& operation, Operation which) {
  if (operation != State::kUnderWay) return;
  ring_.cancel(which, socket_.get());
  operation = State::kCancelled;
}

void UringClient::end_input() {
  ::shutdown(socket_.get(), SHUT_RD);
}

void UringClient::end_if_idle() {
  if (failed_ || session_->finished() || idle_timeout_.count() == 0) return;
  if (Clock::now() - active_at_ < idle_timeout_) return;
  if (wants_to_receive() && has_unread_input()) return;  // the loop is late: what came counts
  fail(ClientRecord::kIdleTooLong);
}

bool UringClient::has_unread_input() const {
  std::byte first{};
  return ::recv(socket_.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void UringClient::fail(std::string_view reason) {
  failed_ = true;
  record_.failed(reason);
}

// To say what has failed takes memory, and there may be none.
void UringClient::fail(const char* call, int error) try {
  fail(system_error(call, error).what());
} catch (const std::bad_alloc& shortage) {
  fail(shortage.what());
}

bool UringClient::finished() {
  if (receiving_ != State::kNone || sending_ != State::kNone) return false;
  if (failed_) return true;
  return session_->finished() && (!needs_to_linger() || lingering_close_.done());
}

bool UringClient::needs_to_linger() const {
  return session_->closes_first() || Shutdown::requested();
}

void UringClient::count_as_active() {
  if (idle_timeout_.count() != 0) active_at_ = Clock::now();
}

}  // namespace echolab
