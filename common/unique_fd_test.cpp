#include "common/unique_fd.h"

#include <fcntl.h>

#include <utility>

#include <gtest/gtest.h>

namespace echolab {
namespace {

int open_something() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFdTest, owns_nothing_by_default) {
  EXPECT_FALSE(UniqueFd());
}

TEST(UniqueFdTest, the_error_value_of_a_system_call_owns_nothing) {
  EXPECT_FALSE(UniqueFd(-1));
}

TEST(UniqueFdTest, closes_at_the_end_of_its_life) {
  const int fd = open_something();
  { const UniqueFd owner(fd); }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFdTest, a_move_leaves_the_source_empty_and_the_descriptor_open) {
  UniqueFd source(open_something());
  const int fd = source.get();
  const UniqueFd target(std::move(source));
  EXPECT_EQ(target.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFdTest, move_assignment_closes_what_was_owned_before) {
  UniqueFd target(open_something());
  const int old = target.get();
  UniqueFd source(open_something());
  target = std::move(source);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(target.get()));
}

TEST(UniqueFdTest, release_gives_the_descriptor_away_open) {
  UniqueFd owner(open_something());
  const UniqueFd next(owner.release());
  EXPECT_FALSE(owner);
  EXPECT_TRUE(is_open(next.get()));
}

}  // namespace
}  // namespace echolab
