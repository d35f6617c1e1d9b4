#include "harness/loadgen/schedule.h"

#include <chrono>

namespace echolab::loadgen {
namespace {

Duration of_seconds(double seconds) {
  return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
}

// Worker's streams of random numbers must not resemble each other: seed_seq spreads small numbers.
std::mt19937_64 generator(std::uint64_t seed, unsigned worker) {
  std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U),
                      worker};
  return std::mt19937_64(mixed);
}

}  // namespace

Schedule::Schedule(const Workload& workload, unsigned worker, Clock::time_point begin,
                   Clock::time_point end)
    : arrivals_(workload.arrivals),
      rate_(workload.rate.value()),
      clients_(workload.clients),
      threads_(workload.threads),
      worker_(worker),
      own_clients_((clients_ - worker_ + threads_ - 1) / threads_),
      begin_(begin),
      end_(end),
      random_(generator(workload.seed, worker)) {
  if (arrivals_ == Arrivals::kPoisson) {
    rate_ *= static_cast<double>(own_clients_) / static_cast<double>(clients_);
  }
  next_ = arrivals_ == Arrivals::kPoisson ? poisson() : uniform();
}

void Schedule::advance() {
  ++taken_;
  next_ = arrivals_ == Arrivals::kPoisson ? poisson() : uniform();
}

// The clients take turns; this worker's are every `threads_`-th of them.
Schedule::Request Schedule::uniform() const {
  const std::uint64_t turn = taken_ / own_clients_;
  const std::uint64_t own = taken_ % own_clients_;
  const std::uint64_t number_in_run = turn * clients_ + own * threads_ + worker_;
  return {begin_ + of_seconds(static_cast<double>(number_in_run) / rate_), own};
}

Schedule::Request Schedule::poisson() {
  elapsed_seconds_ += std::exponential_distribution<double>(rate_)(random_);
  const auto client = std::uniform_int_distribution<std::size_t>(0, own_clients_ - 1)(random_);
  return {begin_ + of_seconds(elapsed_seconds_), client};
}

}  // namespace echolab::loadgen
