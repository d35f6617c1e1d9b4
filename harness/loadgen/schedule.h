#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// When one worker's requests are due, and whose they are: decided beforehand, so that nothing a
/// server does can change it.
///
/// *Uniform*: request k of the run is due k / rate seconds after the beginning and belongs to
/// client k modulo clients, so that every client asks at equal intervals, each at its own moment.
/// Times are computed from k, never added up: they do not drift. *Poisson*: gaps are exponentially
/// distributed and each request belongs to a client drawn at random. Splitting and merging Poisson
/// arrivals gives Poisson arrivals again, so each client's are, and so are those of all threads
/// together. The same seed with the same numbers of clients and threads gives the same schedule.
class Schedule {
 public:
  struct Request {
    Clock::time_point due;
    std::size_t client;  ///< Its index among the worker's clients.
  };

  /// Of `worker`, which has the clients i with i % workload.threads == worker; from `begin` up to,
  /// but not including `end`. `workload.rate` is given.
  Schedule(const Workload& workload, unsigned worker, Clock::time_point begin,
           Clock::time_point end);

  /// Whether all requests were taken.
  [[nodiscard]] bool exhausted() const { return next_.due >= end_; }
  /// The next one; only while there is one.
  [[nodiscard]] const Request& next() const { return next_; }
  /// Goes on to the one after it.
  void advance();

 private:
  [[nodiscard]] Request uniform() const;
  [[nodiscard]] Request poisson();

  Arrivals arrivals_;
  double rate_;  // requests a second: of all workers if uniform, of this one if Poisson
  std::uint64_t clients_;
  std::uint64_t threads_;
  std::uint64_t worker_;
  std::uint64_t own_clients_;
  Clock::time_point begin_;
  Clock::time_point end_;
  std::uint64_t taken_ = 0;
  double elapsed_seconds_ = 0;
  std::mt19937_64 random_;
  Request next_;
};

}  // namespace echolab::loadgen
