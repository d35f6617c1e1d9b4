#include "harness/loadgen/schedule.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace echolab::loadgen {
namespace {

using namespace std::chrono_literals;

const Clock::time_point kBegin{100s};

Workload workload_with(double rate, unsigned clients, Arrivals arrivals) {
  Workload workload;
  workload.rate = rate;
  workload.clients = clients;
  workload.arrivals = arrivals;
  return workload;
}

std::vector<Schedule::Request> requests(const Workload& workload, Duration length,
                                        unsigned worker = 0) {
  std::vector<Schedule::Request> all;
  for (Schedule schedule(workload, worker, kBegin, kBegin + length); !schedule.exhausted();
       schedule.advance()) {
    all.push_back(schedule.next());
  }
  return all;
}

std::vector<Duration> due_times(const std::vector<Schedule::Request>& requests) {
  std::vector<Duration> times;
  for (const auto& request : requests) times.push_back(request.due - kBegin);
  return times;
}

std::vector<Duration> due_times_of_all_threads(Workload workload, Duration length) {
  std::vector<Duration> times;
  for (unsigned worker = 0; worker < workload.threads; ++worker) {
    const auto own = due_times(requests(workload, length, worker));
    times.insert(times.end(), own.begin(), own.end());
  }
  std::sort(times.begin(), times.end());
  return times;
}

// --- Uniform

TEST(UniformSchedule, spaces_requests_equally) {
  const auto times = due_times(requests(workload_with(1000, 1, Arrivals::kUniform), 5ms));
  EXPECT_EQ(times, (std::vector<Duration>{0ms, 1ms, 2ms, 3ms, 4ms}));
}

TEST(UniformSchedule, lets_clients_take_turns) {
  std::vector<std::size_t> turns;
  for (const auto& request : requests(workload_with(1000, 3, Arrivals::kUniform), 7ms)) {
    turns.push_back(request.client);
  }
  EXPECT_EQ(turns, (std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(UniformSchedule, does_not_drift) {
  const auto times = due_times(requests(workload_with(30'000, 7, Arrivals::kUniform), 20s));
  ASSERT_EQ(times.size(), 600'000U);
  EXPECT_EQ(times[30'000 * 19], 19s);
}

TEST(UniformSchedule, has_exactly_as_many_requests_as_the_rate_says) {
  for (const double rate : {1.0, 3.0, 7.0, 999.0, 12'345.0, 1e6}) {
    const Workload workload = workload_with(rate, 5, Arrivals::kUniform);
    EXPECT_EQ(requests(workload, 1s).size(), static_cast<std::size_t>(rate)) << rate;
  }
}

TEST(UniformSchedule, of_all_threads_together_is_that_of_one) {
  Workload workload = workload_with(1000, 5, Arrivals::kUniform);
  const auto of_one = due_times(requests(workload, 100ms));
  workload.threads = 3;
  EXPECT_EQ(due_times_of_all_threads(workload, 100ms), of_one);
}

TEST(UniformSchedule, gives_a_thread_only_clients_of_its_own) {
  Workload workload = workload_with(1000, 5, Arrivals::kUniform);
  workload.threads = 3;  // the clients 2 of the last thread, 0 and 3 of the first
  for (const auto& request : requests(workload, 100ms, 2)) EXPECT_EQ(request.client, 0U);
  for (const auto& request : requests(workload, 100ms, 0)) EXPECT_LT(request.client, 2U);
}

// --- Poisson. Seeds are fixed: what holds once, holds always.

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<double> gaps(const std::vector<Duration>& times) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) {
    gaps.push_back(std::chrono::duration<double>(times[i] - times[i - 1]).count());
  }
  return gaps;
}

TEST(PoissonSchedule, has_the_rate_asked_for) {
  Workload workload = workload_with(10'000, 10, Arrivals::kPoisson);
  for (const unsigned threads : {1U, 3U}) {
    workload.threads = threads;
    const auto count = static_cast<double>(due_times_of_all_threads(workload, 10s).size());
    EXPECT_NEAR(count, 100'000, 5 * std::sqrt(100'000)) << threads;
  }
}

TEST(PoissonSchedule, has_exponential_gaps) {
  const auto all = gaps(due_times(requests(workload_with(1000, 10, Arrivals::kPoisson), 100s)));
  EXPECT_NEAR(mean(all), 1e-3, 2e-5);
  std::vector<double> squares;
  for (const double gap : all) squares.push_back(gap * gap);
  EXPECT_NEAR(mean(squares), 2e-6, 1e-7);  // of an exponential distribution: twice the mean squared
}

TEST(PoissonSchedule, is_in_order) {
  const auto times = due_times(requests(workload_with(1e5, 10, Arrivals::kPoisson), 1s));
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
}

TEST(PoissonSchedule, asks_each_client_alike) {
  std::vector<double> counts(10);
  for (const auto& request : requests(workload_with(10'000, 10, Arrivals::kPoisson), 10s)) {
    ++counts.at(request.client);
  }
  for (const double count : counts) EXPECT_NEAR(count, 10'000, 5 * std::sqrt(10'000));
}

TEST(PoissonSchedule, is_the_same_for_the_same_seed) {
  Workload workload = workload_with(1000, 10, Arrivals::kPoisson);
  const auto first = due_times(requests(workload, 1s));
  EXPECT_EQ(due_times(requests(workload, 1s)), first);
  workload.seed = 2;
  EXPECT_NE(due_times(requests(workload, 1s)), first);
}

TEST(PoissonSchedule, differs_between_threads) {
  Workload workload = workload_with(1000, 10, Arrivals::kPoisson);
  workload.threads = 2;
  EXPECT_NE(due_times(requests(workload, 1s, 0)), due_times(requests(workload, 1s, 1)));
}

}  // namespace
}  // namespace echolab::loadgen
