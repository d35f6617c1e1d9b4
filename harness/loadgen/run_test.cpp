#include "harness/loadgen/run.h"

#include <array>
#include <barrier>
#include <chrono>
#include <functional>
#include <latch>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/loadgen/expect_contains.h"
#include "harness/loadgen/test_run.h"
#include "harness/loadgen/test_server.h"

namespace echolab::loadgen {
namespace {

using namespace std::chrono_literals;

void expect_clean(const Result& result, std::uint64_t echoes) {
  EXPECT_EQ(only_reason(result), "");
  EXPECT_EQ(result.tally.echoes, echoes);
  EXPECT_EQ(result.tally.latency.count(), echoes);
  EXPECT_EQ(result.tally.served, result.workload.clients);
}

// --- Good servers

TEST(RunWithGoodServer, counts_every_echo) {
  const TestServer server(echo);
  const Result result = finished(patient(server, 5));
  expect_clean(result, 500);
  EXPECT_EQ(result.tally.total_echoes, 505U);  // with the one that each client begins with
}

TEST(RunWithGoodServer, shares_the_requests_between_threads) {
  const TestServer server(echo);
  Workload workload = patient(server, 5);
  workload.threads = 3;
  expect_clean(finished(workload), 500);
}

TEST(RunWithGoodServer, uses_no_more_threads_than_clients) {
  const TestServer server(echo);
  Workload workload = patient(server, 2);
  workload.threads = 8;
  const Result result = finished(workload);
  expect_clean(result, 500);
  EXPECT_EQ(result.workload.threads, 2U);
}

// Until something happened within: a loaded machine may let nobody run for longer than the first.
constexpr std::array<std::chrono::milliseconds, 3> kWindows{100ms, 1s, 10s};

TEST(RunWithGoodServer, measures_for_a_duration) {
  for (const auto window : kWindows) {
    const TestServer server(echo);
    Workload workload = patient(server, 2);
    workload.requests.reset();
    workload.duration = window;
    const Result result = finished(workload);
    EXPECT_EQ(only_reason(result), "");
    EXPECT_DOUBLE_EQ(result.seconds, std::chrono::duration<double>(window).count());
    if (result.tally.echoes > 0) return;
  }
  FAIL() << "nothing was measured";
}

TEST(RunWithGoodServer, does_not_measure_the_warm_up) {
  for (const auto window : kWindows) {
    const TestServer server(echo);
    Workload workload = patient(server, 2);
    workload.warmup = window;
    const Result result = finished(workload);
    expect_clean(result, 500);
    if (result.tally.total_echoes > 502) return;
  }
  FAIL() << "nobody warmed up";
}

TEST(RunWithGoodServer, survives_requests_larger_than_all_buffers) {
  const TestServer server(echo);
  Workload workload = patient(server, 2);
  workload.bytes = 4 * 1024 * 1024;
  workload.depth = 4;
  workload.requests = 8;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result), "");
  EXPECT_EQ(result.tally.echoes, 8U);
}

TEST(RunWithGoodServer, sends_no_more_than_was_asked_for_however_deep) {
  const TestServer server(echo);
  Workload workload = patient(server, 2);
  workload.depth = 16;
  workload.requests = 5;
  expect_clean(finished(workload), 5);
}

TEST(RunWithGoodServer, accepts_answers_in_single_bytes) {
  const TestServer server([](int fd, std::size_t) {
    std::byte byte{};
    while (receive_all(fd, {&byte, 1}) && send_all(fd, {&byte, 1})) continue;
  });
  Workload workload = patient(server, 3);
  workload.bytes = 13;
  workload.depth = 2;
  workload.requests = 30;
  expect_clean(finished(workload), 30);
}

TEST(RunWithGoodServer, pauses_between_requests) {
  const TestServer server(echo);
  Workload workload = patient(server, 4);
  workload.think = 1ms;
  workload.requests = 20;
  expect_clean(finished(workload), 20);
}

TEST(RunWithGoodServer, opens_a_connection_for_every_request_of_a_churn) {
  const TestServer server(echo);
  Workload workload = patient(server, 4);
  workload.churn = true;
  const Result result = finished(workload);
  expect_clean(result, 500);
  EXPECT_EQ(server.accepted(), result.tally.total_echoes);
}

TEST(RunWithGoodServer, keeps_idle_connections_open) {
  const TestServer server(echo);
  Workload workload = patient(server, 2);
  workload.idle = 10;
  expect_clean(finished(workload), 500);
  EXPECT_EQ(server.accepted(), 12U);
}

TEST(RunWithGoodServer, tells_the_observer_when_all_are_open_and_when_all_was_answered) {
  const TestServer server(echo);
  Workload workload = patient(server, 3);
  workload.idle = 2;
  std::vector<std::string> milestones;
  const Observer observer{
      .opened = [&] { milestones.push_back(fmt::format("opened {}", server.accepted())); },
      .driven = [&] { milestones.emplace_back("driven"); }};
  const std::atomic<bool> never{false};
  const Result result = run(workload, never, observer);
  EXPECT_EQ(milestones, (std::vector<std::string>{"opened 5", "driven"}));
  EXPECT_EQ(result.driven_echoes, 500U);  // without those that the clients begin with
}

TEST(RunWithGoodServer, holds_a_churning_connection_to_the_end_of_its_pause) {
  const TestServer server(echo);
  Workload workload = patient(server, 4);
  workload.churn = true;
  workload.think = 20ms;
  workload.requests = 4;
  const Result result = finished(workload);
  expect_clean(result, 4);
  EXPECT_GE(result.seconds, 0.02);
  EXPECT_GE(result.tally.held, 4 * 20ms);
}

TEST(RunWithGoodServer, speaks_ipv6) {
  const TestServer server(echo, TestServer::Model::kThreadPerClient, AF_INET6);
  Workload workload = patient(server, 2);
  workload.host = "::1";
  const Result result = finished(workload);
  expect_clean(result, 500);
  EXPECT_CONTAINS(result.target, "[::1]:");
}

// --- Concurrency

Workload holding(const TestServer& server) {
  Workload workload = patient(server, 4);
  workload.churn = true;
  workload.think = 20ms;
  workload.requests = 12;
  return workload;
}

TEST(Concurrency, of_an_iterative_server_does_not_exceed_one) {
  const TestServer server(echo, TestServer::Model::kIterative);
  const Result result = finished(holding(server));
  EXPECT_EQ(only_reason(result), "");
  EXPECT_GT(result.effective_concurrency.value(), 0.0);
  EXPECT_LE(result.effective_concurrency.value(), 1.0);
}

TEST(Concurrency, of_a_concurrent_server_does_not_exceed_the_clients) {
  const TestServer server(echo);
  const Result result = finished(holding(server));
  EXPECT_EQ(only_reason(result), "");
  EXPECT_GT(result.effective_concurrency.value(), 1.0);
  EXPECT_LE(result.effective_concurrency.value(), 4.0);
}

TEST(Concurrency, is_not_measured_unless_clients_hold_on) {
  const TestServer server(echo);
  EXPECT_FALSE(finished(patient(server, 1)).effective_concurrency.has_value());
}

TEST(Concurrency, one_client_at_a_time_is_named) {
  const TestServer server(echo, TestServer::Model::kIterative);
  const Result result = finished(impatient(server, 10));
  EXPECT_EQ(only_reason(result),
            "1 of 10 clients was served: the server takes one client at a time");
  EXPECT_EQ(result.tally.served, 1U);
  EXPECT_EQ(result.tally.faults.unanswered, 9U);
}

TEST(Concurrency, four_clients_at_a_time_are_counted) {
  const TestServer server(
      [](int fd, std::size_t client) { client < 4 ? echo(fd) : discard_all(fd); });
  const Result result = finished(impatient(server, 10));
  EXPECT_CONTAINS(only_reason(result), "4 of 10 clients were served at once");
}

// --- Bad servers

// Echoes messages of 64 bytes after `spoil` has had its way with the third one.
TestServer::Serve spoiling(const std::function<void(std::vector<std::byte>&)>& spoil) {
  return [spoil](int fd, std::size_t) {
    std::vector<std::byte> message(64);
    for (int number = 0; receive_all(fd, message); ++number) {
      std::vector<std::byte> answer = message;
      if (number == 2) spoil(answer);
      if (!send_all(fd, answer)) return;
    }
  };
}

TEST(RunWithBadServer, sees_one_flipped_bit) {
  const TestServer server(spoiling([](auto& answer) { answer[17] ^= std::byte{4}; }));
  const Result result = finished(impatient(server, 1));
  EXPECT_EQ(result.tally.faults.mismatches, 1U);
  EXPECT_CONTAINS(result.tally.faults.first_mismatch,
                  "connection 0, message 2, offset 17: expected ");
  EXPECT_CONTAINS(only_reason(result), "1 byte was wrong");
}

TEST(RunWithBadServer, sees_one_lost_byte) {
  const TestServer server(spoiling([](auto& answer) { answer.erase(answer.begin() + 40); }));
  const Result result = finished(impatient(server, 1));
  EXPECT_GT(result.tally.faults.mismatches, 0U);
  EXPECT_CONTAINS(result.tally.faults.first_mismatch, "message 2, offset 40");
}

TEST(RunWithBadServer, sees_one_byte_too_many) {
  const TestServer server(spoiling([](auto& answer) { answer.push_back(std::byte{'!'}); }));
  const Result result = finished(impatient(server, 1));
  EXPECT_EQ(result.tally.faults.surplus_bytes, 1U);
  EXPECT_CONTAINS(result.tally.faults.first_mismatch,
                  "after message 3: 1 byte more than were sent: 21");
}

TEST(RunWithBadServer, sees_a_byte_too_many_after_the_end_of_stream) {
  const TestServer server([](int fd, std::size_t) {
    echo(fd);
    send_all(fd, std::vector<std::byte>(1));
  });
  const Result result = finished(impatient(server, 3));
  EXPECT_EQ(result.tally.faults.surplus_bytes, 3U);
  EXPECT_CONTAINS(only_reason(result), "too many");
}

TEST(RunWithBadServer, sees_that_answers_were_swapped) {
  std::barrier both_received(2);
  std::array<std::array<std::byte, 64>, 2> messages{};
  const TestServer server([&](int fd, std::size_t client) {
    if (!receive_all(fd, messages.at(client))) return;
    both_received.arrive_and_wait();
    send_all(fd, messages.at(1 - client));
    discard_all(fd);
  });
  const Result result = finished(impatient(server, 2));
  EXPECT_EQ(result.tally.faults.swapped, 128U);
  EXPECT_CONTAINS(result.tally.faults.first_mismatch, "these belong to connection");
}

TEST(RunWithBadServer, sees_early_closes) {
  const TestServer server([](int fd, std::size_t) {
    std::vector<std::byte> message(64);
    if (receive_all(fd, message) && send_all(fd, message)) receive_all(fd, message);
  });
  const Result result = finished(impatient(server, 3));
  EXPECT_EQ(result.tally.faults.early_closes, 3U);
  EXPECT_CONTAINS(only_reason(result), "closed too early");
}

TEST(RunWithBadServer, sees_resets) {
  const TestServer server([](int fd, std::size_t) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    std::vector<std::byte> message(64);
    receive_all(fd, message);
  });
  const Result result = finished(impatient(server, 3));
  EXPECT_EQ(result.tally.faults.early_closes, 3U);
  EXPECT_CONTAINS(result.tally.faults.first_early_close, "Connection reset by peer");
}

TEST(RunWithBadServer, sees_a_client_turned_away) {
  const TestServer server([](int fd, std::size_t client) {
    if (client < 2) echo(fd);
  });
  const Result result = finished(impatient(server, 3));
  EXPECT_EQ(result.tally.faults.early_closes, 1U);
  EXPECT_EQ(result.tally.served, 2U);
}

TEST(RunWithBadServer, does_not_wait_for_ever_for_a_first_answer) {
  const TestServer server(discard_all);
  const Result result = finished(impatient(server, 3));
  EXPECT_EQ(only_reason(result), "none of 3 clients was answered within 0.3 s");
}

TEST(RunWithBadServer, does_not_wait_for_ever_for_half_an_answer) {
  const TestServer server(spoiling([](auto& answer) { answer.resize(32); }));
  Workload workload = impatient(server, 1);
  workload.requests = 2;  // and the one before: the spoilt one is the last
  const Result result = finished(workload);
  EXPECT_EQ(result.tally.faults.unanswered, 1U);
  EXPECT_EQ(only_reason(result), "1 request was not answered within 0.3 s");
}

TEST(RunWithBadServer, does_not_wait_for_ever_for_the_close) {
  std::atomic<bool> over{false};
  const TestServer server([&over](int fd, std::size_t) {
    echo(fd);
    over.wait(false);
  });
  const Result result = finished(impatient(server, 2));
  EXPECT_CONTAINS(only_reason(result), "2 connections were not closed by the server");
  over = true;
  over.notify_all();
}

TEST(RunWithBadServer, is_not_drowned_by_a_flood) {
  const TestServer server([](int fd, std::size_t) {
    const std::vector<std::byte> garbage(64 * 1024);
    while (send_all(fd, garbage)) continue;
  });
  const Result result = finished(impatient(server, 2));
  EXPECT_EQ(result.tally.echoes, 0U);
  EXPECT_FALSE(result.tally.faults.first_mismatch.empty());
}

TEST(RunWithBadServer, accepts_a_reset_in_answer_to_the_end_of_stream) {
  const TestServer server([](int fd, std::size_t) {
    echo(fd);
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  });
  expect_clean(finished(impatient(server, 2)), 500);
}

TEST(RunWithBadServer, sees_idle_connections_closed) {
  std::latch idle_closed(5);
  const TestServer server([&idle_closed](int fd, std::size_t client) {
    if (client < 5) {
      std::byte greeting{};
      receive_all(fd, {&greeting, 1});
      send_all(fd, {&greeting, 1});
      ::shutdown(fd, SHUT_WR);
      idle_closed.count_down();
      return discard_all(fd);
    }
    idle_closed.wait();
    echo(fd);
  });
  Workload workload = impatient(server, 2);
  workload.idle = 5;
  const Result result = finished(workload);
  EXPECT_EQ(result.tally.faults.early_closes, 5U);
  EXPECT_CONTAINS(only_reason(result), "a silent one");
}

TEST(RunWithBadServer, says_how_many_silent_clients_were_taken) {
  const TestServer server(echo, TestServer::Model::kIterative);
  Workload workload = impatient(server, 2);
  workload.idle = 5;
  const Result result = finished(workload);
  EXPECT_EQ(only_reason(result),
            "1 of 5 silent clients was served at once: the server takes one client at a time");
  EXPECT_EQ(result.tally.served, 0U);
}

// --- No server, and other trouble

Workload without_server() {
  const TestServer gone(echo);
  return impatient(gone, 2);
}

TEST(Run, says_that_nobody_listens) {
  const Result result = finished(without_server());
  EXPECT_EQ(result.tally.faults.connect_failures, 2U);
  EXPECT_EQ(
      only_reason(result),
      fmt::format("cannot connect to 127.0.0.1:{}: connect: Connection refused: is the server "
                  "running?",
                  result.workload.port));
}

TEST(Run, says_that_nobody_listens_for_idle_connections_either) {
  Workload workload = without_server();
  workload.idle = 1;
  EXPECT_CONTAINS(only_reason(finished(workload)), "Connection refused");
}

TEST(Run, says_that_a_host_is_unknown) {
  Workload workload;
  workload.host = "no such host";
  EXPECT_CONTAINS(only_reason(finished(workload)), "cannot resolve");
}

TEST(Run, reports_what_was_measured_when_interrupted) {
  std::atomic<bool> interrupted{false};
  std::atomic<int> messages{0};
  const TestServer server([&](int fd, std::size_t) {
    std::vector<std::byte> message(64);
    while (receive_all(fd, message) && send_all(fd, message)) {
      if (++messages == 100) interrupted = true;
    }
  });
  Workload workload = patient(server, 2);
  workload.requests.reset();
  workload.duration = 1h;
  const Result result = run(workload, interrupted);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(only_reason(result), "interrupted");
  EXPECT_GE(result.tally.total_echoes, 90U);
}

}  // namespace
}  // namespace echolab::loadgen
