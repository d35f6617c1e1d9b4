#include "02_threads/client_queue.h"

#include <fcntl.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace echolab {
namespace {

UniqueFd some_client() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

// For tests in which there is a place, or comes to be one.
void put(ClientQueue& queue, const Shutdown& shutdown, UniqueFd client) {
  ASSERT_TRUE(queue.wait_for_place(shutdown));
  queue.put(std::move(client));
}

// A shutdown cannot be undone: so it is played in a process of its own.
TEST(ClientQueueDeathTest, a_shutdown_ends_the_wait_for_a_place) {
  EXPECT_EXIT(
      {
        const Shutdown shutdown;
        ClientQueue queue(1);
        put(queue, shutdown, some_client());
        const std::jthread stopping([] { Shutdown::request(); });
        std::_Exit(queue.wait_for_place(shutdown) ? EXIT_FAILURE : EXIT_SUCCESS);
      },
      ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

class ClientQueueTest : public ::testing::Test {
 protected:
  Shutdown shutdown_;
};

TEST_F(ClientQueueTest, the_first_that_came_is_the_first_served) {
  ClientQueue queue(2);
  UniqueFd first = some_client();
  UniqueFd second = some_client();
  const std::array expected{first.get(), second.get()};
  put(queue, shutdown_, std::move(first));
  put(queue, shutdown_, std::move(second));
  EXPECT_EQ(queue.take().get(), expected[0]);
  EXPECT_EQ(queue.take().get(), expected[1]);
}

TEST_F(ClientQueueTest, a_worker_that_waits_gets_the_client_that_comes) {
  ClientQueue queue(1);
  auto taken = std::async(std::launch::async, [&] { return queue.take(); });
  put(queue, shutdown_, some_client());
  EXPECT_TRUE(taken.get());
}

TEST_F(ClientQueueTest, there_are_never_more_clients_than_places) {
  constexpr int kPlaces = 3;
  constexpr int kClients = 2000;
  ClientQueue queue(kPlaces);
  std::atomic<int> takes = 0;
  const std::jthread worker([&] {
    while (takes < kClients) {
      ++takes;
      EXPECT_TRUE(queue.take());
    }
  });
  for (int puts = 0; puts < kClients; ++puts) {
    EXPECT_TRUE(queue.wait_for_place(shutdown_));
    EXPECT_LT(puts - takes, kPlaces);
    queue.put(some_client());
  }
}

TEST_F(ClientQueueTest, what_is_left_in_a_closed_queue_is_handed_out) {
  ClientQueue queue(2);
  put(queue, shutdown_, some_client());
  queue.close();
  EXPECT_TRUE(queue.take());
  EXPECT_FALSE(queue.take());
  EXPECT_FALSE(queue.take());
}

TEST_F(ClientQueueTest, all_workers_that_wait_are_told_that_it_is_closed) {
  ClientQueue queue(1);
  std::array<std::future<UniqueFd>, 4> workers;
  for (auto& worker : workers) {
    worker = std::async(std::launch::async, [&] { return queue.take(); });
  }
  queue.close();
  for (auto& worker : workers) EXPECT_FALSE(worker.get());
}

// A wake-up that is lost leaves a client in the queue beside an idle worker, and this test never
// ends: each worker keeps its client until all clients of the round have a worker.
TEST_F(ClientQueueTest, every_client_wakes_a_worker) {
  constexpr int kRounds = 2000;
  constexpr int kWorkers = 4;
  ClientQueue queue(kWorkers);
  std::barrier all_have_one(kWorkers + 1);
  std::array<std::jthread, kWorkers> workers;
  for (auto& worker : workers) {
    worker = std::jthread([&] {
      while (const UniqueFd client = queue.take()) all_have_one.arrive_and_wait();
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kWorkers; ++i) put(queue, shutdown_, some_client());
    all_have_one.arrive_and_wait();
  }
  queue.close();
}

}  // namespace
}  // namespace echolab
