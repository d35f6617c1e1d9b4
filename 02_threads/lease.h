#pragma once

#include <chrono>
#include <optional>

namespace echolab {

/// When a member of a room of datagrams gives a sign of life, and when the server has given none
/// for too long. The clock is passed in.
///
/// The server forgets who is silent, and tells for how long it remembers: a lease, as of an address
/// by DHCP (RFC 2131, 4.4.5). The member renews it after a third of that, so that two signs in a
/// row may be lost; and repeats itself soon, while there is no answer.
class Lease {
 public:
  using Clock = std::chrono::steady_clock;

  /// The pause after which what was not answered is said again.
  static constexpr std::chrono::milliseconds kRepeat{1000};

  /// A sign is due at once. The server may take `patience` to answer.
  Lease(std::chrono::milliseconds patience, Clock::time_point now)
      : patience_(patience), next_sign_(now) {}

  [[nodiscard]] Clock::time_point next_sign() const { return next_sign_; }
  [[nodiscard]] bool sign_is_due(Clock::time_point now) const { return now >= next_sign_; }

  void sign_given(Clock::time_point now);

  /// The server has answered: it remembers for so long; 0: for ever, but whether it is there is to
  /// be asked all the same.
  void answered(std::chrono::milliseconds silence, Clock::time_point now);

  /// True when the server has left all signs unanswered for as long as it may take.
  [[nodiscard]] bool is_lost(Clock::time_point now) const;

 private:
  std::chrono::milliseconds patience_;
  Clock::time_point next_sign_;
  std::optional<Clock::time_point> unanswered_since_;
};

}  // namespace echolab
