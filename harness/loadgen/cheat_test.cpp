// A server that cheats is void, never fast: in a closed loop and in an open one.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "harness/loadgen/expect_contains.h"
#include "harness/loadgen/payload.h"
#include "harness/loadgen/report.h"
#include "harness/loadgen/test_run.h"
#include "harness/loadgen/test_server.h"

namespace echolab::loadgen {
namespace {

using Message = std::array<std::byte, 64>;

// Honest for as many messages of a client, the first ones: everybody can echo once.
constexpr int kHonest = 20;

class Cheat : public testing::TestWithParam<bool> {
 protected:
  // 12,000 requests in either loop.
  static Workload workload(const TestServer& server, unsigned clients = 4) {
    Workload workload = impatient(server, clients);
    workload.requests = 12'000;
    if (GetParam()) {
      workload.requests.reset();
      workload.rate = 20'000;
      workload.duration = 600ms;
    }
    return workload;
  }

  // An open loop goes on so long after its window, on a machine too busy for the rate.
  static Workload with_time_for_all(Workload workload) {
    workload.patience = 1500ms;
    return workload;
  }

  static void expect_void(const Result& result, const std::string& reason) {
    EXPECT_CONTAINS(only_reason(result), reason);
    EXPECT_CONTAINS(text_report(result), "VOID");
    EXPECT_LACKS(text_report(result), "verified");
  }
};

// Treats messages as `answer` says, which gets a client's message and its number.
template <typename Answer>
TestServer::Serve answering(Answer answer) {
  return [answer](int fd, std::size_t client) {
    Message message{};
    for (int number = 0; receive_all(fd, message); ++number) {
      if (number < kHonest ? !send_all(fd, message) : !answer(fd, client, message)) return;
    }
  };
}

TEST_P(Cheat, that_answers_zeros_is_void) {
  const TestServer server(
      answering([](int fd, std::size_t, const Message&) { return send_all(fd, Message{}); }));
  expect_void(finished(workload(server)), "bytes were wrong");
}

TEST_P(Cheat, that_answers_noise_is_void) {
  const TestServer server(answering([](int fd, std::size_t client, const Message&) {
    std::minstd_rand noise(static_cast<unsigned>(client) + 1);
    Message answer{};
    for (std::byte& byte : answer) byte = static_cast<std::byte>(noise());
    return send_all(fd, answer);
  }));
  expect_void(finished(workload(server)), "bytes were wrong");
}

TEST_P(Cheat, that_repeats_the_last_answer_is_void) {
  const TestServer server([](int fd, std::size_t) {
    Message message{};
    Message last{};
    for (int number = 0; receive_all(fd, message); ++number) {
      if (!send_all(fd, number < kHonest ? message : last)) return;
      last = message;
    }
  });
  expect_void(finished(workload(server)), "of the same connection");
}

// A byte came, and the whole answer goes out.
TEST_P(Cheat, that_answers_before_the_whole_request_came_is_void) {
  const TestServer server([](int fd, std::size_t) {
    Message message{};
    for (int number = 0; number < kHonest; ++number) {
      if (!receive_all(fd, message) || !send_all(fd, message)) return;
    }
    while (receive_all(fd, std::span(message).first(1)) && send_all(fd, message) &&
           receive_all(fd, std::span(message).subspan(1))) {
      continue;
    }
  });
  expect_void(finished(workload(server)), "wrong");
}

// It knows what will come, as one might who has seen the generator's sources.
TEST_P(Cheat, that_foresees_the_next_request_is_void) {
  const TestServer server([](int fd, std::size_t client) {
    PayloadStream payload(static_cast<std::uint32_t>(client), sizeof(Message));
    Message message{};
    for (int number = 0; receive_all(fd, message); ++number) {
      std::array<std::byte, 2 * sizeof(Message)> answer{};
      payload.copy_to(answer);
      payload.skip(sizeof message);
      const bool honest = number != kHonest;  // then it sends the next answer along
      if (!send_all(fd, std::span(answer).first(honest ? 64 : 128))) return;
    }
  });
  expect_void(finished(workload(server, 1)), "64 bytes were too many");
}

TEST_P(Cheat, that_answers_twice_is_void) {
  const TestServer server(answering([](int fd, std::size_t, const Message& message) {
    return send_all(fd, message) && send_all(fd, message);
  }));
  const Result result = finished(workload(server));
  EXPECT_GT(result.tally.faults.surplus_bytes + result.tally.faults.mismatches, 0U);
  expect_void(result, "connection ");
}

TEST_P(Cheat, that_drops_one_in_ten_thousand_is_void) {
  std::atomic<int> messages{0};
  const TestServer server(answering([&messages](int fd, std::size_t, const Message& message) {
    return ++messages == 10'000 || send_all(fd, message);
  }));
  const Result result = finished(with_time_for_all(workload(server, 10)));
  EXPECT_EQ(result.tally.faults.unanswered, 1U);
  expect_void(result, "1 request was not answered");
}

TEST_P(Cheat, that_spoils_one_bit_in_ten_thousand_messages_is_void) {
  std::atomic<int> messages{0};
  const TestServer server(answering([&messages](int fd, std::size_t, Message message) {
    if (++messages == 10'000) message[63] ^= std::byte{1};
    return send_all(fd, message);
  }));
  expect_void(finished(with_time_for_all(workload(server, 10))), "1 byte was wrong");
}

TEST_P(Cheat, that_swaps_clients_is_void) {
  std::mutex mutex;
  Message of_first{};
  const TestServer server(answering([&](int fd, std::size_t client, const Message& message) {
    const std::lock_guard lock(mutex);
    if (client == 0) of_first = message;
    return send_all(fd, client == 1 && of_first != Message{} ? of_first : message);
  }));
  const Result result = finished(workload(server));
  EXPECT_GT(result.tally.faults.swapped, 0U);
  expect_void(result, "another client's");
}

TEST_P(Cheat, that_hangs_up_on_the_busy_is_void) {
  const TestServer server(answering([](int, std::size_t, const Message&) { return false; }));
  expect_void(finished(workload(server)), "closed too early");
}

INSTANTIATE_TEST_SUITE_P(, Cheat, testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "in_open_loop" : "in_closed_loop");
});

}  // namespace
}  // namespace echolab::loadgen
