#include "common/shutdown.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

namespace echolab {
namespace {

// Signal dispositions belong to the process, so each case is played in a process of its own: its
// exit status says how it went.
using ShutdownDeathTest = ::testing::Test;

#ifdef __SANITIZE_THREAD__
constexpr bool kHandlersWaitForBlockingCalls = true;
#else
constexpr bool kHandlersWaitForBlockingCalls = false;
#endif
constexpr const char* kWhyHandlersWait =
    "ThreadSanitizer runs a signal's handler only after the recv or send that it interrupts";

template <typename Scene>  // NOLINTNEXTLINE(readability-function-size): the macro's nesting
void expect_success(Scene scene) {
  EXPECT_EXIT({ std::_Exit(scene() ? EXIT_SUCCESS : EXIT_FAILURE); },
              ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

bool is_readable(int fd, int timeout_ms) {
  pollfd watched{fd, POLLIN, 0};
  int ready = -1;
  while ((ready = ::poll(&watched, 1, timeout_ms)) < 0 && errno == EINTR) {
  }
  return ready == 1;
}

struct SocketPair {
  SocketPair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    server = UniqueFd(fds[0]);
    client = UniqueFd(fds[1]);
  }
  UniqueFd server;
  UniqueFd client;
};

ssize_t receive(const UniqueFd& socket) {
  std::array<char, 64> buffer{};
  return ::recv(socket.get(), buffer.data(), buffer.size(), 0);
}

void send_text(const UniqueFd& socket, std::string_view text) {
  ASSERT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

TEST(ShutdownDeathTest, is_not_requested_before_a_signal) {
  expect_success([] {
    const Shutdown shutdown;
    return !shutdown.requested() && !shutdown.grace_over() && !is_readable(shutdown.fd(), 0);
  });
}

TEST(ShutdownDeathTest, sigterm_makes_the_descriptor_readable_for_good) {
  expect_success([] {
    const Shutdown shutdown;
    std::raise(SIGTERM);
    return shutdown.requested() && is_readable(shutdown.fd(), 0) && is_readable(shutdown.fd(), 0);
  });
}

TEST(ShutdownDeathTest, sigint_is_heard_as_well) {
  expect_success([] {
    const Shutdown shutdown;
    std::raise(SIGINT);
    return is_readable(shutdown.fd(), 0);
  });
}

TEST(ShutdownDeathTest, a_second_signal_of_either_kind_ends_the_process) {
  EXPECT_EXIT(
      {
        const Shutdown shutdown;
        std::raise(SIGINT);
        std::raise(SIGTERM);
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

TEST(ShutdownDeathTest, a_signal_that_comes_twice_at_once_counts_once) {
  expect_success([] {
    const Shutdown shutdown;
    std::raise(SIGTERM);
    std::raise(SIGTERM);
    return shutdown.requested();
  });
}

TEST(ShutdownDeathTest, a_signal_before_recv_is_not_lost) {
  expect_success([] {
    const Shutdown shutdown;
    const SocketPair pair;
    const EndsOnShutdown ends_on_shutdown(pair.server);
    std::raise(SIGTERM);
    return receive(pair.server) == 0;
  });
}

TEST(ShutdownDeathTest, a_signal_before_the_client_is_registered_is_not_lost) {
  expect_success([] {
    const Shutdown shutdown;
    const SocketPair pair;
    std::raise(SIGTERM);
    const EndsOnShutdown ends_on_shutdown(pair.server);
    return receive(pair.server) == 0;
  });
}

TEST(ShutdownDeathTest, a_signal_during_recv_ends_it) {
  if (kHandlersWaitForBlockingCalls) GTEST_SKIP() << kWhyHandlersWait;
  expect_success([] {
    const Shutdown shutdown;
    const SocketPair pair;
    const EndsOnShutdown ends_on_shutdown(pair.server);
    std::thread other([] { ::kill(::getpid(), SIGTERM); });
    const ssize_t received = receive(pair.server);
    other.join();
    return received == 0;
  });
}

TEST(ShutdownDeathTest, what_had_arrived_before_the_signal_is_still_received) {
  expect_success([] {
    const Shutdown shutdown;
    const SocketPair pair;
    send_text(pair.client, "owed");
    const EndsOnShutdown ends_on_shutdown(pair.server);
    std::raise(SIGTERM);
    return receive(pair.server) == 4 && receive(pair.server) == 0;
  });
}

TEST(ShutdownDeathTest, a_client_that_does_not_read_is_given_up_after_the_grace) {
  if (kHandlersWaitForBlockingCalls) GTEST_SKIP() << kWhyHandlersWait;
  expect_success([] {
    const Shutdown shutdown;
    const SocketPair pair;
    const EndsOnShutdown ends_on_shutdown(pair.server);
    std::raise(SIGTERM);
    ssize_t sent = 0;
    while (sent >= 0) sent = ::send(pair.server.get(), "x", 1, MSG_NOSIGNAL);
    return errno == EPIPE && shutdown.grace_over();
  });
}

TEST(ShutdownDeathTest, a_second_sigterm_does_not_end_a_child_that_still_delivers) {
  expect_success([] {
    const Shutdown shutdown;
    const pid_t child = ::fork();
    if (child == 0) {
      Shutdown::continue_in_child();
      std::raise(SIGTERM);
      std::raise(SIGTERM);
      std::_Exit(EXIT_SUCCESS);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status == 0;
  });
}

TEST(ShutdownDeathTest, a_child_forked_after_the_signal_knows_of_it) {
  expect_success([] {
    const Shutdown shutdown;
    std::raise(SIGTERM);
    const pid_t child = ::fork();
    if (child == 0) {
      std::raise(SIGTERM);
      std::_Exit(shutdown.requested() ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status == 0;
  });
}

TEST(ShutdownDeathTest, a_child_leaves_ctrl_c_to_its_parent_and_heeds_sigterm) {
  expect_success([] {
    const Shutdown shutdown;
    const pid_t child = ::fork();
    if (child == 0) {
      Shutdown::continue_in_child();
      std::raise(SIGINT);
      const bool ignored = !shutdown.requested();
      std::raise(SIGTERM);
      std::_Exit(ignored && shutdown.requested() ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    // The child's signal is the child's alone.
    return status == 0 && !shutdown.requested() && !is_readable(shutdown.fd(), 0);
  });
}

TEST(ShutdownDeathTest, a_request_from_within_is_heard_as_a_signal_is) {
  expect_success([] {
    const Shutdown shutdown;
    Shutdown::request();
    return is_readable(shutdown.fd(), -1) && shutdown.requested();
  });
}

TEST(ShutdownDeathTest, a_request_after_a_signal_is_not_a_second_signal) {
  expect_success([] {
    const Shutdown shutdown;
    std::raise(SIGINT);
    Shutdown::request();
    return shutdown.requested();
  });
}

TEST(ShutdownDeathTest, a_request_by_a_child_reaches_its_parent) {
  expect_success([] {
    const Shutdown shutdown;
    const pid_t child = ::fork();
    if (child == 0) {
      Shutdown::continue_in_child();
      Shutdown::request();
      std::_Exit(EXIT_SUCCESS);
    }
    return is_readable(shutdown.fd(), -1);
  });
}

TEST(ShutdownDeathTest, a_worker_is_woken_by_its_own_sigterm) {
  expect_success([] {
    Shutdown shutdown;
    const pid_t worker = ::fork();
    if (worker == 0) {
      shutdown.continue_in_worker();
      std::raise(SIGTERM);
      std::_Exit(is_readable(shutdown.fd(), 0) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    ::waitpid(worker, &status, 0);
    return status == 0 && !is_readable(shutdown.fd(), 0);
  });
}

TEST(ShutdownDeathTest, a_worker_forked_after_the_signal_knows_of_it) {
  expect_success([] {
    Shutdown shutdown;
    std::raise(SIGTERM);
    const pid_t worker = ::fork();
    if (worker == 0) {
      shutdown.continue_in_worker();
      std::_Exit(is_readable(shutdown.fd(), 0) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    ::waitpid(worker, &status, 0);
    return status == 0;
  });
}

}  // namespace
}  // namespace echolab
