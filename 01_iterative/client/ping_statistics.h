#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace echolab {

/// What a series of pings amounts to, as ping(8) tells it.
class PingStatistics {
 public:
  using RoundTripTime = std::chrono::duration<double, std::milli>;

  void sent() { ++sent_; }
  void received(RoundTripTime time);

  /// True when each ping has its answer.
  [[nodiscard]] bool is_complete() const { return received_ == sent_; }

  /// `10 sent, 10 received, 0% loss`, and where there is a time to tell, a line with `rtt
  /// min/avg/max/mdev = … ms`. mdev is the standard deviation.
  [[nodiscard]] std::string summary() const;

 private:
  [[nodiscard]] double deviation() const;

  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  double shortest_ = 0;  // milliseconds, as are all below
  double longest_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // the sum of the squared distances from the mean
};

/// "45.2 µs" or "1.23 ms": three digits.
[[nodiscard]] std::string to_text(PingStatistics::RoundTripTime time);

}  // namespace echolab
