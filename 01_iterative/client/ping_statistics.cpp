#include "01_iterative/client/ping_statistics.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace echolab {

void PingStatistics::received(RoundTripTime time) {
  const double milliseconds = time.count();
  shortest_ = received_ == 0 ? milliseconds : std::min(shortest_, milliseconds);
  longest_ = std::max(longest_, milliseconds);
  ++received_;
  // Welford's method. The textbook's difference of two large sums loses its digits.
  const double distance = milliseconds - mean_;
  mean_ += distance / static_cast<double>(received_);
  squares_ += distance * (milliseconds - mean_);
}

double PingStatistics::deviation() const {
  return std::sqrt(squares_ / static_cast<double>(received_));
}

std::string PingStatistics::summary() const {
  const double lost = static_cast<double>(sent_ - received_);
  const double loss = sent_ == 0 ? 0 : 100 * lost / static_cast<double>(sent_);
  std::string text = fmt::format("{} sent, {} received, {:g}% loss\n", sent_, received_, loss);
  if (received_ != 0) {
    text += fmt::format("rtt min/avg/max/mdev = {:.3f}/{:.3f}/{:.3f}/{:.3f} ms\n", shortest_, mean_,
                        longest_, deviation());
  }
  return text;
}

std::string to_text(PingStatistics::RoundTripTime time) {
  const bool is_short = time.count() < 1;
  const double value = is_short ? 1000 * time.count() : time.count();
  const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, is_short ? "µs" : "ms");
}

}  // namespace echolab
