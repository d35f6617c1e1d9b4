#include "02_threads/shared_room.h"

#include <sys/eventfd.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {

void SharedRoom::close() {
  std::unique_lock lock(mutex_);
  all_have_said_.wait_for(lock, Shutdown::kGrace, [this] { return speakers_ == 0; });
  room_.close();
}

// eventfd(2): a number that the kernel keeps, readable while it is not 0. A condition variable
// would do, were the room all that the thread waits for; but it waits for its client, too.
Mailbox::Mailbox(SharedRoom& room)
    : shared_(room), sign_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!sign_) throw system_error("eventfd");
  const std::lock_guard lock(shared_.mutex_);
  shared_.room_.enter(*this);
  ++shared_.speakers_;
}

Mailbox::~Mailbox() {
  const std::lock_guard lock(shared_.mutex_);
  if (!has_finished_) --shared_.speakers_;
  leave();
  (void)empty();
}

bool Mailbox::listens() {
  const std::lock_guard lock(shared_.mutex_);
  return shared_.full_mailboxes_ == 0;
}

void Mailbox::say(std::string_view line) {
  const std::lock_guard lock(shared_.mutex_);
  if (!has_finished_) shared_.room_.say(*this, line);
}

void Mailbox::finish_saying() {
  const std::lock_guard lock(shared_.mutex_);
  if (std::exchange(has_finished_, true)) return;
  if (--shared_.speakers_ == 0) shared_.all_have_said_.notify_all();
  if (Shutdown::requested()) return;  // the others may still have something to say to this one
  leave();
  ::eventfd_write(sign_.get(), 1);
}

std::optional<std::string> Mailbox::take() {
  const std::lock_guard lock(shared_.mutex_);
  if (std::exchange(overflowed_, false)) throw std::runtime_error(ChatSession::kDoesNotRead);
  const bool ended = has_left_ || shared_.room_.closed();
  if (ended && lines_.empty()) return std::nullopt;
  eventfd_t sign = 0;
  if (!ended) ::eventfd_read(sign_.get(), &sign);
  return empty();
}

void Mailbox::hear(std::string_view line) {
  if (lines_.empty()) ::eventfd_write(sign_.get(), 1);
  // Those who have begun to say something when a mailbox is full may go on: hence a second bound.
  if (lines_.size() + line.size() > ChatSession::kMaxUnsent) {
    overflowed_ = true;
    return;
  }
  const bool was_full = lines_.size() >= kFull;
  lines_ += line;
  if (!was_full && lines_.size() >= kFull) ++shared_.full_mailboxes_;
}

std::string Mailbox::empty() {
  if (lines_.size() >= kFull) --shared_.full_mailboxes_;
  return std::exchange(lines_, {});
}

void Mailbox::leave() {
  if (!std::exchange(has_left_, true)) shared_.room_.leave(*this);
}

}  // namespace echolab
