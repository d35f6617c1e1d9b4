#include "02_threads/lease.h"

#include <algorithm>

namespace echolab {

void Lease::sign_given(Clock::time_point now) {
  if (!unanswered_since_) unanswered_since_ = now;
  next_sign_ = now + kRepeat;
}

void Lease::answered(std::chrono::milliseconds silence, Clock::time_point now) {
  constexpr std::chrono::milliseconds kWhereNothingIsForgotten{20'000};
  // Whatever a server may say, it is not asked without pause.
  constexpr std::chrono::milliseconds kShortest{10};
  unanswered_since_.reset();
  next_sign_ =
      now + (silence.count() == 0 ? kWhereNothingIsForgotten : std::max(silence / 3, kShortest));
}

bool Lease::is_lost(Clock::time_point now) const {
  return unanswered_since_ && now - *unanswered_since_ >= patience_;
}

}  // namespace echolab
