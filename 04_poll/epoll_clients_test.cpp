#include "04_poll/epoll_clients.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "04_poll/client_count.h"
#include "common/options.h"
#include "common/session.h"
#include "common/unique_fd.h"

namespace {
bool memory_is_out = false;
}  // namespace

void* operator new(std::size_t size) {
  void* memory = memory_is_out ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace echolab {
namespace {

// Bytes: a turn ends after eight receives. The kernel's buffers must take them all.
constexpr std::size_t kMoreThanATurn = 9 * Session::kMaxReceive;
constexpr int kBuffer = kMoreThanATurn;  // of which the kernel sets aside the double: socket(7)

class AnyNumber final : public ClientCount {
 public:
  bool take() override { return true; }
  void release() override {}
};

/// A client whose other end is in this test.
class EpollClientsTest : public ::testing::Test {
 protected:
  EpollClientsTest() {
    options_.edge_triggered = true;
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    for (const int end : ends) {
      ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kBuffer, sizeof kBuffer);
    }
    client_ = UniqueFd(ends[0]);
    served_ = ends[1];
    clients_.add(UniqueFd(served_), Place(&count_));
  }

  std::size_t send() const {
    const std::vector<char> bytes(kMoreThanATurn);
    const ssize_t sent = ::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }

  /// Serves the client until it is not ready any more; returns how many bytes it got.
  std::size_t receive_all() {
    std::size_t received = receive();
    while (clients_.any_ready()) {
      clients_.serve_ready();
      received += receive();
    }
    return received;
  }

  std::size_t receive() const {
    std::size_t received = 0;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::recv(client_.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      received += static_cast<std::size_t>(count);
    }
    return received;
  }

  AnyNumber count_;
  Options options_{};
  UniqueFd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  EpollClients clients_{epoll_, options_};
  UniqueFd client_;
  int served_ = -1;
};

TEST_F(EpollClientsTest, client_with_more_to_read_has_another_turn_without_an_event) {
  const std::size_t sent = send();
  clients_.serve(served_);
  ASSERT_TRUE(clients_.any_ready());
  EXPECT_EQ(receive_all(), sent);
}

TEST_F(EpollClientsTest, to_have_another_turn_takes_no_memory) {
  send();
  clients_.serve(served_);
  receive_all();  // what the session needs it has now
  send();
  memory_is_out = true;
  EXPECT_NO_THROW(clients_.serve(served_));
  memory_is_out = false;
  EXPECT_TRUE(clients_.any_ready());
}

TEST_F(EpollClientsTest, client_that_leaves_before_its_next_turn_is_not_missed) {
  send();
  clients_.serve(served_);
  client_ = UniqueFd();
  clients_.serve(served_);
  clients_.remove_finished();
  clients_.serve_ready();
  clients_.serve_ready();
  EXPECT_EQ(clients_.size(), 0U);
  EXPECT_FALSE(clients_.any_ready());
}

}  // namespace
}  // namespace echolab
