#include "05_async/ring.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "05_async/uring_fixture.h"

namespace echolab {
namespace {

class RingTest : public UringTest {
 protected:
  void watch_server() {
    io_uring_prep_poll_add(ring_->prepare(Operation::kNewcomer, server_.get()), server_.get(),
                           POLLIN);
  }

  std::vector<Completion> completions() {
    std::vector<Completion> all;
    run_ring([&](const Completion& completion) { all.push_back(completion); });
    return all;
  }
};

TEST_F(RingTest, a_completion_names_its_operation_and_descriptor) {
  watch_server();
  ASSERT_EQ(::send(client_.get(), "x", 1, MSG_NOSIGNAL), 1);
  const auto all = completions();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].operation, Operation::kNewcomer);
  EXPECT_EQ(all[0].fd, server_.get());
  EXPECT_EQ(all[0].result & POLLIN, POLLIN);
  EXPECT_TRUE(all[0].is_last);
  EXPECT_FALSE(all[0].buffer);
}

TEST_F(RingTest, what_does_not_complete_is_waited_for_no_longer_than_the_limit) {
  watch_server();
  EXPECT_TRUE(completions().empty());
}

TEST_F(RingTest, a_cancelled_operation_has_a_last_completion) {
  watch_server();
  ring_->cancel(Operation::kNewcomer, server_.get());
  int cancelled = 0;
  for (const Completion& completion : completions()) {
    if (completion.operation == Operation::kCancel) continue;
    EXPECT_EQ(completion.result, -ECANCELED);
    EXPECT_TRUE(completion.is_last);
    ++cancelled;
  }
  EXPECT_EQ(cancelled, 1);
}

TEST_F(RingTest, to_cancel_what_has_ended_is_harmless) {
  ring_->cancel(Operation::kReceive, server_.get());
  const auto all = completions();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].operation, Operation::kCancel);
  EXPECT_EQ(all[0].result, -ENOENT);
}

TEST_F(RingTest, more_operations_than_the_queue_holds_are_all_carried_out) {
  constexpr std::size_t kMany = 20'000;
  for (std::size_t i = 0; i < kMany; ++i) {
    io_uring_prep_nop(ring_->prepare(Operation::kSend, static_cast<int>(i)));
  }
  const auto all = completions();
  ASSERT_EQ(all.size(), kMany);
  for (std::size_t i = 0; i < kMany; ++i) ASSERT_EQ(all[i].fd, static_cast<int>(i));
}

}  // namespace
}  // namespace echolab
