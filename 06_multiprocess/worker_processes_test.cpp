#include "06_multiprocess/worker_processes.h"

#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <gtest/gtest.h>

#include "common/listener.h"
#include "common/log.h"

namespace echolab {
namespace {

constexpr std::size_t kNoLimit = 1000;

// Workers and their parent's signals belong to a process: so each case is played in one of its own.
using WorkerProcessesDeathTest = ::testing::Test;

template <typename Scene>  // NOLINTNEXTLINE(readability-function-size): the macro's nesting
void expect_success(Scene scene) {
  EXPECT_EXIT({ std::_Exit(scene() ? EXIT_SUCCESS : EXIT_FAILURE); },
              ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

/// What a worker does that has no clients.
void wait_for_shutdown(const Shutdown& shutdown) {
  pollfd watched{shutdown.fd(), POLLIN, 0};
  while (::poll(&watched, 1, -1) < 0 && errno == EINTR) {
  }
}

[[noreturn]] void die() {
  std::raise(SIGKILL);
  std::abort();
}

/// Runs workers until one of them calls Shutdown::request().
void run_workers(std::size_t count, const WorkerProcesses::Work& work) {
  log::set_quiet(true);
  Shutdown shutdown;
  WorkerProcesses workers(count, work);
  workers.supervise(shutdown);
}

TEST(WorkerProcessesDeathTest, each_worker_is_told_its_number) {
  expect_success([] {
    SharedArray<std::atomic<int>> begun(4, 0);
    run_workers(3, [&](std::size_t number, const Shutdown& shutdown, WorkerClients&) {
      ++begun[number];
      if (++begun[3] == 3) Shutdown::request();
      wait_for_shutdown(shutdown);
    });
    return begun[0] == 1 && begun[1] == 1 && begun[2] == 1;
  });
}

TEST(WorkerProcessesDeathTest, one_that_is_killed_is_replaced) {
  expect_success([] {
    SharedArray<std::atomic<int>> begun(2, 0);
    run_workers(2, [&](std::size_t number, const Shutdown& shutdown, WorkerClients&) {
      const int life = ++begun[number];
      if (number == 1 && life == 1) die();
      if (number == 1) Shutdown::request();
      wait_for_shutdown(shutdown);
    });
    return begun[0] <= 1 && begun[1] == 2;
  });
}

TEST(WorkerProcessesDeathTest, one_that_fails_or_just_ends_is_replaced) {
  expect_success([] {
    SharedArray<std::atomic<int>> begun(1, 0);
    run_workers(1, [&](std::size_t, const Shutdown& shutdown, WorkerClients&) {
      const int life = ++begun[0];
      if (life == 1) throw std::runtime_error("a failed call");
      if (life == 2) return;
      Shutdown::request();
      wait_for_shutdown(shutdown);
    });
    return begun[0] == 3;
  });
}

TEST(WorkerProcessesDeathTest, workers_that_die_at_once_are_replaced_after_a_rest) {
  expect_success([] {
    constexpr int kLives = 4;
    const auto started = std::chrono::steady_clock::now();
    SharedArray<std::atomic<int>> begun(1, 0);
    run_workers(1, [&](std::size_t, const Shutdown& shutdown, WorkerClients&) {
      if (++begun[0] < kLives) die();
      Shutdown::request();
      wait_for_shutdown(shutdown);
    });
    return std::chrono::steady_clock::now() - started >= (kLives - 1) * Listener::kRest;
  });
}

TEST(WorkerProcessesDeathTest, the_clients_of_a_dead_worker_make_room_for_others) {
  expect_success([] {
    SharedArray<std::atomic<int>> begun(1, 0);
    SharedArray<std::atomic<bool>> had_room(1, false);
    run_workers(1, [&](std::size_t, const Shutdown& shutdown, WorkerClients& clients) {
      const bool took_both = clients.take(2) && clients.take(2);
      if (++begun[0] == 1) die();
      had_room[0] = took_both && clients.taken() == 4;
      Shutdown::request();
      wait_for_shutdown(shutdown);
    });
    return had_room[0].load();
  });
}

TEST(WorkerProcessesDeathTest, workers_end_with_the_object_that_owns_them) {
  expect_success([] {
    run_workers(2, [](std::size_t, const Shutdown& shutdown, WorkerClients&) {
      Shutdown::request();
      wait_for_shutdown(shutdown);
    });
    return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
  });
}

TEST(WorkerClientsTest, the_limit_is_one_for_all_workers_together) {
  std::atomic<std::size_t> connected{0};
  WorkerClients first(connected);
  WorkerClients second(connected);
  EXPECT_TRUE(first.take(2));
  EXPECT_TRUE(second.take(2));
  EXPECT_FALSE(first.take(2));
  second.release();
  EXPECT_TRUE(first.take(2));
}

TEST(WorkerClientsTest, those_turned_away_are_not_counted) {
  std::atomic<std::size_t> connected{0};
  WorkerClients clients(connected);
  EXPECT_TRUE(clients.take(1));
  EXPECT_FALSE(clients.take(1));
  EXPECT_EQ(clients.taken(), 1U);
}

TEST(WorkerClientsTest, release_all_leaves_the_clients_of_others_counted) {
  std::atomic<std::size_t> connected{0};
  WorkerClients dead(connected);
  WorkerClients alive(connected);
  EXPECT_TRUE(dead.take(kNoLimit));
  EXPECT_TRUE(dead.take(kNoLimit));
  EXPECT_TRUE(alive.take(kNoLimit));
  EXPECT_EQ(dead.release_all(), 2U);
  EXPECT_EQ(connected, 1U);
}

}  // namespace
}  // namespace echolab
