#include "harness/loadgen/open_loop.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/loadgen/expect_contains.h"
#include "harness/loadgen/test_run.h"
#include "harness/loadgen/test_server.h"

namespace echolab::loadgen {
namespace {

Workload at_rate(Workload workload, double rate, Duration duration) {
  workload.requests.reset();
  workload.rate = rate;
  workload.duration = duration;
  return workload;
}

std::uint64_t nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

// Every request that was due is in the figures.
void expect_nothing_dropped(const Result& result, std::uint64_t offered) {
  ASSERT_TRUE(result.tally.open_loop);
  EXPECT_EQ(result.tally.open_loop->offered, offered);
  EXPECT_EQ(result.tally.latency.count(), offered);
  EXPECT_EQ(result.tally.open_loop->schedule_lag.count(), offered);
}

TEST(OpenLoop, asks_exactly_what_the_rate_says) {
  const TestServer server(echo);
  const Result result = finished(at_rate(patient(server, 5), 2000, 200ms));
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, 400);
  EXPECT_DOUBLE_EQ(result.seconds, 0.2);
  EXPECT_EQ(result.tally.open_loop->owed, 0U);
  EXPECT_EQ(result.tally.total_echoes, 405U);  // with the one that each client begins with
}

TEST(OpenLoop, does_not_measure_the_warm_up) {
  const TestServer server(echo);
  Workload workload = at_rate(patient(server, 5), 2000, 100ms);
  workload.warmup = 50ms;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, 200);
  EXPECT_EQ(result.tally.total_echoes, 305U);
}

TEST(OpenLoop, is_shared_by_threads) {
  const TestServer server(echo);
  Workload workload = at_rate(patient(server, 5), 2000, 200ms);
  workload.threads = 3;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, 400);
}

TEST(OpenLoop, follows_poisson_arrivals) {
  const TestServer server(echo);
  Workload workload = at_rate(patient(server, 5), 2000, 200ms);
  workload.arrivals = Arrivals::kPoisson;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, result.tally.open_loop->offered);
  EXPECT_EQ(result.tally.total_echoes, 5 + result.tally.open_loop->offered);
}

TEST(OpenLoop, opens_a_connection_for_every_request_of_a_churn) {
  const TestServer server(echo);
  Workload workload = at_rate(patient(server, 4), 1000, 200ms);
  workload.churn = true;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, 200);
  EXPECT_EQ(server.accepted(), result.tally.total_echoes);
}

// The server keeps the first client waiting until the other one has got 50 answers. Those are due
// every 2 ms, so that takes 98 ms at least. Of the first client's requests, due every 2 ms as well,
// those of the first 88 ms wait for more than 10 ms: 44 of the 200 of the run. Only one of them had
// been sent.
TEST(OpenLoop, counts_the_time_that_a_request_waits_for_its_own_client) {
  std::atomic<int> answers_of_second{0};
  const TestServer server([&](int fd, std::size_t client) {
    std::array<std::byte, 64> message{};
    for (int number = 0; receive_all(fd, message); ++number) {
      if (client == 1) ++answers_of_second;
      while (client == 0 && number == 1 && answers_of_second < 50) std::this_thread::yield();
      if (!send_all(fd, message)) return;
    }
  });
  const Result result = finished(at_rate(patient(server, 2), 1000, 200ms));
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, 200);
  EXPECT_GT(result.tally.latency.value_at_percentile(79), nanoseconds(10ms));
}

// A hundred requests come in 100 ms; at 10 ms each, 40 can be answered before patience ends.
TEST(OpenLoop, reports_what_a_slow_server_owes_at_the_end) {
  const TestServer server([](int fd, std::size_t) {
    std::array<std::byte, 64> message{};
    while (receive_all(fd, message)) {
      std::this_thread::sleep_for(10ms);
      if (!send_all(fd, message)) return;
    }
  });
  const Result result = finished(at_rate(impatient(server, 1), 1000, 100ms));
  EXPECT_EQ(only_reason(result), "");
  expect_nothing_dropped(result, 100);
  EXPECT_GE(result.tally.open_loop->owed, 58U);
  EXPECT_EQ(result.tally.open_loop->owed + result.tally.total_echoes, 101U);
  EXPECT_GE(result.tally.latency.max(), nanoseconds(300ms));
}

TEST(OpenLoop, counts_what_is_never_answered_as_long_as_it_waited) {
  const TestServer server([](int fd, std::size_t client) {
    std::array<std::byte, 64> message{};
    if (receive_all(fd, message)) send_all(fd, message);
    client == 0 ? discard_all(fd) : echo(fd);
  });
  Workload workload = at_rate(impatient(server, 2), 1000, 100ms);
  workload.patience = 1s;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "1 request was not answered within 1 s");
  expect_nothing_dropped(result, 100);
  EXPECT_EQ(result.tally.open_loop->owed, 50U);
  EXPECT_GE(result.tally.latency.max(), nanoseconds(1s));
}

TEST(OpenLoop, ends_when_all_clients_are_gone) {
  const TestServer server([](int fd, std::size_t) {
    std::array<std::byte, 64> message{};
    if (receive_all(fd, message) && send_all(fd, message)) receive_all(fd, message);
  });
  const Result result = finished(at_rate(impatient(server, 3), 1000, 1h));
  EXPECT_EQ(result.tally.faults.early_closes, 3U);
  EXPECT_GE(result.tally.open_loop->owed, 3U);
}

TEST(OpenLoop, waits_patiently_between_rare_requests) {
  const TestServer server(echo);
  Workload workload = at_rate(impatient(server, 1), 2, 600ms);  // less than the gap of 500 ms
  const Result result = finished(workload);
  EXPECT_EQ(result.tally.faults.unanswered, 0U);
  expect_nothing_dropped(result, 2);
}

TEST(OpenLoop, reports_what_was_measured_when_interrupted) {
  std::atomic<bool> interrupted{false};
  std::atomic<int> messages{0};
  const TestServer server([&](int fd, std::size_t) {
    std::array<std::byte, 64> message{};
    while (receive_all(fd, message) && send_all(fd, message)) {
      if (++messages == 100) interrupted = true;
    }
  });
  const Result result = run(at_rate(patient(server, 2), 1000, 1h), interrupted);
  EXPECT_EQ(only_reason(result), "interrupted");
  EXPECT_GE(result.tally.total_echoes, 90U);
  expect_nothing_dropped(result, result.tally.open_loop->offered);
}

}  // namespace
}  // namespace echolab::loadgen
