#include "common/session.h"

namespace echolab {

void Session::receive_eof() {
  input_ended_ = true;
  on_eof();
}

void Session::sent(std::size_t count) {
  sent_ += count;
  if (sent_ == pending_.size()) {
    pending_.clear();
    sent_ = 0;
  }
  if (has_room()) on_room();
}

void Session::answer(std::span<const std::byte> bytes) {
  // What is sent already leaves first, so that the buffer never outgrows what is pending.
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent_));
  sent_ = 0;
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
}

}  // namespace echolab
