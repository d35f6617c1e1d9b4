#include "harness/loadgen/rude_clients.h"

#include <array>
#include <atomic>
#include <vector>

#include <gtest/gtest.h>

#include "harness/loadgen/expect_contains.h"
#include "harness/loadgen/test_run.h"
#include "harness/loadgen/test_server.h"

namespace echolab::loadgen {
namespace {

// Runs until `condition` holds: what the rude clients are about may take them a while.
Result finished_when(Workload workload, const std::function<bool()>& condition) {
  workload.requests.reset();
  workload.duration = 1h;
  std::atomic<bool> interrupted{false};
  std::atomic<bool> over{false};
  std::thread watcher([&] {
    while (!condition() && !over) std::this_thread::yield();
    interrupted = true;
  });
  const Result result = run(workload, interrupted);
  over = true;
  watcher.join();
  return result;
}

// What an echoing server has received from all of its clients in messages of 64 bytes.
struct Received {
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> ended{0};
};

TestServer::Serve counting_echo(Received& received) {
  return [&received](int fd, std::size_t) {
    std::array<std::byte, 4096> buffer{};
    for (;;) {
      const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      received.bytes += static_cast<std::size_t>(got);
      if (!send_all(fd, std::span(buffer).first(static_cast<std::size_t>(got)))) break;
    }
    ++received.ended;
  };
}

TEST(RudeClients, leave_the_figures_to_the_well_behaved) {
  const TestServer server(echo);
  Workload workload = patient(server, 5);
  workload.slow_readers = 2;
  workload.dribble = 2;
  workload.resets_per_second = 1000;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  EXPECT_EQ(result.tally.echoes, 500U);
  EXPECT_EQ(result.tally.total_echoes, 505U);
  EXPECT_EQ(result.tally.served, 5U);
  ASSERT_TRUE(result.rude);
  EXPECT_EQ(result.rude->slow_readers_cut, 0U);
}

TEST(RudeClients, come_first) {
  const TestServer server(
      [](int fd, std::size_t client) { client < 3 ? discard_all(fd) : echo(fd); });
  Workload workload = patient(server, 2);
  workload.slow_readers = 2;
  workload.dribble = 1;
  EXPECT_EQ(only_reason(finished(workload)), "");
}

TEST(SlowReaders, send_more_than_a_server_can_return_and_then_no_more) {
  std::atomic<std::size_t> swallowed{0};
  const TestServer server([&swallowed](int fd, std::size_t client) {
    if (client > 0) return echo(fd);
    std::vector<std::byte> buffer(64 * 1024);
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      swallowed += static_cast<std::size_t>(got);
    }
  });
  Workload workload = patient(server, 1);
  workload.slow_readers = 1;
  constexpr std::size_t kAll = 16 * 1024 * 1024;
  const Result result = finished_when(workload, [&] { return swallowed >= kAll; });
  EXPECT_EQ(only_reason(result), "interrupted");
  EXPECT_EQ(result.rude->slow_readers_cut, 0U);
  EXPECT_LT(swallowed, kAll + 64 * 1024 + 1);
}

TEST(SlowReaders, may_be_cut) {
  std::atomic<bool> cut{false};
  const TestServer server([&cut](int fd, std::size_t client) {
    if (client > 0) return echo(fd);
    std::array<std::byte, 64> message{};
    receive_all(fd, message);
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    cut = true;
  });
  Workload workload = patient(server, 2);
  workload.slow_readers = 1;
  workload.think = 1ms;  // a quarter of a second, in which the cut is noticed
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  EXPECT_TRUE(cut);
  EXPECT_EQ(result.rude->slow_readers_cut, 1U);
}

TEST(Dribblers, send_a_byte_at_a_time_and_verify_what_comes_back) {
  std::atomic<std::size_t> pieces{0};
  const TestServer server([&pieces](int fd, std::size_t client) {
    if (client > 0) return echo(fd);
    std::array<std::byte, 64> buffer{};
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0; ++pieces) {
      if (!send_all(fd, std::span(buffer).first(static_cast<std::size_t>(got)))) return;
    }
  });
  Workload workload = patient(server, 1);
  workload.bytes = 5;
  workload.dribble = 1;
  const Result result = finished_when(workload, [&] { return pieces > 12; });
  EXPECT_EQ(only_reason(result), "interrupted");
  EXPECT_GE(result.rude->dribbled_echoes, 2U);
  EXPECT_EQ(result.rude->dribblers_cut, 0U);
}

TEST(Dribblers, that_get_wrong_bytes_make_a_run_void) {
  std::atomic<std::size_t> answers{0};
  const TestServer server([&answers](int fd, std::size_t client) {
    if (client > 0) return echo(fd);
    for (std::byte byte{}; receive_all(fd, {&byte, 1}); ++answers) {
      byte ^= std::byte{1};
      if (!send_all(fd, {&byte, 1})) return;
    }
    answers += 2;  // the dribbler hung up
  });
  Workload workload = patient(server, 1);
  workload.dribble = 1;
  const Result result = finished_when(workload, [&] { return answers > 1; });
  EXPECT_GE(result.tally.faults.mismatches, 1U);  // two may have come at once
  EXPECT_CONTAINS(only_reason(result), "connection 1, message 0, offset 0");
}

TEST(Dribblers, may_be_cut) {
  std::atomic<bool> cut{false};
  const TestServer server([&cut](int fd, std::size_t client) {
    if (client > 0) return echo(fd);
    std::byte byte{};
    receive_all(fd, {&byte, 1});
    cut = true;
  });
  Workload workload = patient(server, 2);
  workload.dribble = 1;
  workload.think = 1ms;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  EXPECT_TRUE(cut);
  EXPECT_EQ(result.rude->dribblers_cut, 1U);
}

TEST(Resets, come_at_their_rate_and_carry_a_message) {
  Received received;
  const TestServer server(counting_echo(received));
  Workload workload = patient(server, 1);
  workload.bytes = 64;
  workload.resets_per_second = 500;
  const Result result = finished_when(workload, [&] { return received.ended >= 20; });
  EXPECT_EQ(only_reason(result), "interrupted");
  EXPECT_GE(result.rude->resets, 20U);
  EXPECT_GE(server.accepted(), 20U);
}

TEST(RudeClients, do_not_hide_that_nobody_listens) {
  Workload workload;
  {
    const TestServer gone(echo);
    workload = impatient(gone, 2);
  }
  workload.slow_readers = 1;
  workload.dribble = 1;
  workload.resets_per_second = 10;
  const Result result = finished(workload);
  EXPECT_CONTAINS(only_reason(result), "Connection refused");
}

TEST(RudeClients, are_none_of_a_server_that_takes_one_client_at_a_time) {
  const TestServer server(echo, TestServer::Model::kIterative);
  Workload workload = impatient(server, 2);
  workload.dribble = 1;
  const Result result = finished(workload);
  EXPECT_EQ(result.tally.served, 0U);
  EXPECT_CONTAINS(only_reason(result), "none of 2 clients was answered");
}

}  // namespace
}  // namespace echolab::loadgen
