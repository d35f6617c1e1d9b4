#include "05_async/uring_client.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "05_async/uring_fixture.h"
#include "common/log.h"

namespace echolab {
namespace {

class UringClientTest : public UringTest {
 protected:
  void SetUp() override {
    log::set_quiet(true);
    UringTest::SetUp();
    if (!ring_) return;
    buffers_ = std::make_unique<BufferPool>(*ring_);
    server_fd_ = server_.get();
    served_ = std::make_unique<UringClient>(std::move(server_), options_, *ring_, *buffers_);
    served_->go_on();
  }
  void TearDown() override {
    served_.reset();
    buffers_.reset();
  }

  void serve() {
    run_ring([&](const Completion& completion) {
      if (completion.operation == Operation::kReceive) served_->on_received(completion);
      if (completion.operation == Operation::kSend) served_->on_sent(completion);
      served_->go_on();
    });
  }

  /// Sends without reading, until the server takes no more. Returns what was taken by the kernel.
  std::string send_until_stalled() {
    std::string sent;
    for (bool stalled = false; !stalled;) {
      const std::string text = std::to_string(sent.size()) + std::string(1000, ' ');
      const ssize_t count = ::send(client_.get(), text.data(), text.size(), MSG_DONTWAIT);
      if (count > 0) sent.append(text, 0, static_cast<std::size_t>(count));
      if (count > 0) continue;
      const std::size_t unread = unread_bytes(server_fd_);
      serve();
      stalled = unread_bytes(server_fd_) == unread;
    }
    return sent;
  }

  std::string receive_all(std::size_t size) {
    std::string received;
    std::array<char, 10'000> buffer;
    while (received.size() < size) {
      const ssize_t count = ::recv(client_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0 && errno != EAGAIN) return received;
      if (count > 0) received.append(buffer.data(), static_cast<std::size_t>(count));
      serve();
    }
    return received;
  }

  static std::size_t unread_bytes(int socket) {
    int count = 0;
    EXPECT_EQ(::ioctl(socket, SIOCINQ, &count), 0);
    return static_cast<std::size_t>(count);
  }

  Options options_;
  int server_fd_ = -1;
  std::unique_ptr<BufferPool> buffers_;
  std::unique_ptr<UringClient> served_;
};

TEST_F(UringClientTest, what_is_sent_comes_back) {
  ASSERT_EQ(::send(client_.get(), "hello", 5, MSG_NOSIGNAL), 5);
  EXPECT_EQ(receive_all(5), "hello");
}

TEST_F(UringClientTest, at_most_64_kib_wait_for_a_client_that_does_not_read) {
  const std::string sent = send_until_stalled();
  const std::size_t queued = sent.size() - unread_bytes(server_fd_) - unread_bytes(client_.get());
  EXPECT_GT(queued, 0U);
  EXPECT_LE(queued, Session::kMaxPending);
}

TEST_F(UringClientTest, a_client_that_reads_at_last_gets_every_byte_in_order) {
  const std::string sent = send_until_stalled();
  EXPECT_EQ(receive_all(sent.size()), sent);
}

TEST_F(UringClientTest, a_client_that_stalled_is_served_again) {
  const std::string sent = send_until_stalled();
  receive_all(sent.size());
  ASSERT_EQ(::send(client_.get(), "and on", 6, MSG_NOSIGNAL), 6);
  EXPECT_EQ(receive_all(6), "and on");
}

TEST_F(UringClientTest, the_end_of_a_stream_waits_for_what_is_owed) {
  const std::string sent = send_until_stalled();
  ::shutdown(client_.get(), SHUT_WR);
  serve();
  EXPECT_FALSE(served_->finished());
  EXPECT_EQ(receive_all(sent.size()), sent);
  EXPECT_TRUE(served_->finished());
}

TEST_F(UringClientTest, a_silent_client_is_finished_only_when_the_kernel_has_let_go_of_it) {
  serve();
  served_->fail("by the test");
  EXPECT_FALSE(served_->finished());
  served_->go_on();
  serve();
  EXPECT_TRUE(served_->finished());
}

TEST_F(UringClientTest, a_client_that_is_owed_much_can_be_ended_at_once) {
  send_until_stalled();
  served_->fail("by the test");
  served_->go_on();
  serve();
  EXPECT_TRUE(served_->finished());
}

}  // namespace
}  // namespace echolab
