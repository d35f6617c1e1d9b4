#include "05_async/buffer_pool.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "05_async/uring_fixture.h"

namespace echolab {
namespace {

class BufferPoolTest : public UringTest {
 protected:
  void SetUp() override {
    UringTest::SetUp();
    if (ring_) pool_ = std::make_unique<BufferPool>(*ring_);
  }
  void TearDown() override { pool_.reset(); }

  void start_receiving() {
    io_uring_sqe* const entry = ring_->prepare(Operation::kReceive, server_.get());
    io_uring_prep_recv_multishot(entry, server_.get(), nullptr, 0, 0);
    io_uring_sqe_set_flags(entry, IOSQE_BUFFER_SELECT);
    entry->buf_group = BufferPool::kGroup;
  }

  void send(const std::string& text) {
    ASSERT_EQ(::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// What has been received; the buffers are given back, or not.
  std::string receive(bool gives_back) {
    std::string received;
    run_ring([&](const Completion& completion) {
      last_result_ = completion.result;
      ended_ = completion.is_last;
      if (completion.result <= 0) return;
      const auto bytes =
          pool_->bytes(completion.buffer.value(), static_cast<std::size_t>(completion.result));
      received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (gives_back) pool_->give_back(*completion.buffer);
    });
    return received;
  }

  std::unique_ptr<BufferPool> pool_;
  int last_result_ = 0;
  bool ended_ = false;
};

/// So many bytes that each names its place.
std::string numbered(std::size_t size) {
  std::string text;
  for (std::size_t number = 0; text.size() < size; ++number) text += std::to_string(number) + ' ';
  text.resize(size);
  return text;
}

TEST_F(BufferPoolTest, bytes_arrive_in_a_buffer_of_the_pool) {
  start_receiving();
  send("hello");
  EXPECT_EQ(receive(true), "hello");
  EXPECT_FALSE(ended_);
}

TEST_F(BufferPoolTest, one_receive_goes_on_while_buffers_are_given_back) {
  start_receiving();
  std::string received;
  for (std::size_t i = 0; i < 3 * BufferPool::kBuffers; ++i) {
    send("x");
    ring_->submit_and_wait(std::chrono::milliseconds(1000));
    ring_->for_each_completion([&](const Completion& completion) {
      ASSERT_EQ(completion.result, 1);
      ASSERT_FALSE(completion.is_last);
      pool_->give_back(completion.buffer.value());
      received += 'x';
    });
  }
  EXPECT_EQ(received.size(), 3U * BufferPool::kBuffers);
}

TEST_F(BufferPoolTest, without_buffers_the_receive_ends_and_nothing_is_lost) {
  constexpr std::size_t kRoom = BufferPool::kBuffers * BufferPool::kBufferSize;
  const int size = 4 * static_cast<int>(kRoom);
  ::setsockopt(client_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  const std::string text = numbered(BufferPool::kBufferSize * 40);
  start_receiving();
  std::string received;
  std::string sent;
  while (sent.size() < kRoom) {
    send(text);
    sent += text;
    received += receive(false);
  }
  EXPECT_TRUE(ended_);
  EXPECT_EQ(last_result_, -ENOBUFS);
  EXPECT_EQ(received.size(), kRoom);
  for (std::uint16_t buffer = 0; buffer < BufferPool::kBuffers; ++buffer) pool_->give_back(buffer);
  start_receiving();
  received += receive(true);
  EXPECT_EQ(received, sent);
}

}  // namespace
}  // namespace echolab
