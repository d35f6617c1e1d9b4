#include "02_threads/gui/thread_conversation.h"

#include <sys/poll.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/listener.h"
#include "common/socket_address.h"

namespace echolab {
namespace {

using Events = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};

/// A window without pixels: its loop is await().
class RecordingWindow : public ConversationListener {
 public:
  explicit RecordingWindow(const Destination& server)
      : conversation_(std::in_place, server, *this, [this] { wake(); }) {}

  void send(const std::string& line) { conversation_->send(line); }
  void close() { conversation_.reset(); }

  /// Runs the loop until there are `count` events; returns them.
  const Events& await(std::size_t count) {
    while (events_.size() < count && wait_until_woken()) conversation_->deliver();
    return events_;
  }

  [[nodiscard]] int wakes() {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

  void on_connected() override { events_.emplace_back("connected"); }
  void on_line(const std::string& line) override { events_.push_back(line); }
  void on_ended(const Failure& why) override { events_.push_back("ended: " + why.name()); }

 private:
  void wake() {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    woken_ = true;
    changed_.notify_all();
  }

  bool wait_until_woken() {
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, kPatience, [this] { return woken_; });
    woken_ = false;
    EXPECT_TRUE(in_time) << "the window was not woken";
    return in_time;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  int wakes_ = 0;
  Events events_;
  std::optional<ThreadConversation> conversation_;  // the last member: its thread calls wake()
};

Options any_free_port() {
  Options options;
  options.port = 0;
  return options;
}

class ThreadConversationTest : public ::testing::Test {
 protected:
  [[nodiscard]] Destination server() const {
    const std::string address = listener_->address();
    return {"127.0.0.1", address.substr(address.rfind(':') + 1), kPatience};
  }

  void accept() {
    pollfd listening{listener_->fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&listening, 1, -1), 1);
    client_.reset(::accept4(listener_->fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  void serve(const std::string& bytes) const {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  [[nodiscard]] std::string receive(std::size_t count) const {
    std::string bytes(count, '\0');
    const ssize_t received = ::recv(client_.get(), bytes.data(), count, MSG_WAITALL);
    bytes.resize(received < 0 ? 0 : static_cast<std::size_t>(received));
    return bytes;
  }

  std::optional<Listener> listener_{any_free_port()};
  UniqueFd client_;
};

TEST_F(ThreadConversationTest, lines_go_both_ways) {
  RecordingWindow window(server());
  window.send("100");
  accept();
  EXPECT_EQ(receive(4), "100\n");
  serve("212.00\n");
  EXPECT_EQ(window.await(2), (Events{"connected", "212.00"}));
}

TEST_F(ThreadConversationTest, the_end_is_told_last_and_by_its_name) {
  RecordingWindow window(server());
  accept();
  serve("farewell\n");
  client_.reset();
  EXPECT_EQ(window.await(3), (Events{"connected", "farewell", "ended: CLOSED"}));
}

TEST_F(ThreadConversationTest, a_server_that_is_absent_is_told_in_the_window) {
  const Destination absent = server();
  listener_.reset();
  RecordingWindow window(absent);
  EXPECT_EQ(window.await(1), Events{"ended: REFUSED"});
}

TEST_F(ThreadConversationTest, a_silent_server_does_not_keep_a_window_open) {
  RecordingWindow window(server());
  accept();
  window.await(1);
  window.close();
  EXPECT_EQ(receive(1), "");  // the end of the stream
}

TEST_F(ThreadConversationTest, a_window_can_be_closed_while_it_is_connecting) {
  RecordingWindow window(server());
  window.close();
}

TEST_F(ThreadConversationTest, what_was_sent_before_the_window_is_closed_arrives) {
  RecordingWindow window(server());
  accept();
  window.await(1);
  window.send("last words");
  window.close();
  EXPECT_EQ(receive(11), "last words\n");
}

TEST_F(ThreadConversationTest, a_window_that_does_not_look_is_woken_once) {
  RecordingWindow window(server());
  accept();
  serve("one\n");
  serve("two\n");
  window.send("heard");
  EXPECT_EQ(receive(6), "heard\n");
  EXPECT_EQ(window.wakes(), 1);
  EXPECT_EQ(window.await(3), (Events{"connected", "one", "two"}));
}

TEST_F(ThreadConversationTest, a_flood_waits_for_the_window_and_none_of_it_is_lost) {
  RecordingWindow window(server());
  accept();
  window.await(1);
  constexpr std::size_t kMostTaken = std::size_t{64} * 1024 * 1024;
  const std::string line = std::string(99, 'x') + '\n';
  std::size_t sent = 0;
  ssize_t taken = 0;
  const timeval pause{0, 200'000};  // SO_SNDTIMEO, socket(7): nobody has received for so long
  ::setsockopt(client_.get(), SOL_SOCKET, SO_SNDTIMEO, &pause, sizeof pause);
  while (sent < kMostTaken && (taken = ::send(client_.get(), line.data(), line.size(),
                                              MSG_NOSIGNAL)) == static_cast<ssize_t>(line.size())) {
    sent += line.size();
  }
  ASSERT_LT(sent, kMostTaken) << "a window that does not look takes no end of memory";
  client_.reset();
  const std::size_t whole_lines = sent / line.size() + (taken > 0 ? 1 : 0);
  EXPECT_EQ(window.await(1 + whole_lines + 1).back(), "ended: CLOSED");
}

}  // namespace
}  // namespace echolab
