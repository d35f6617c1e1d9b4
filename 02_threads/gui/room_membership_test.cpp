#include "02_threads/gui/room_membership.h"

#include <gtest/gtest.h>

namespace echolab {
namespace {

using Meaning = RoomMembership::Meaning;

RoomMembership member(const std::string& name) {
  RoomMembership membership;
  EXPECT_EQ(membership.on_line("* what is your name?"), Meaning::kWantsName);
  EXPECT_EQ(membership.ask_for(name), name);
  EXPECT_EQ(membership.on_line("* " + name + " joined"), Meaning::kNamed);
  return membership;
}

TEST(RoomMembership, begins_when_the_room_announces_us) {
  EXPECT_EQ(member("alice").name(), "alice");
}

TEST(RoomMembership, does_not_begin_when_the_name_is_refused) {
  RoomMembership membership;
  EXPECT_EQ(membership.ask_for("bob"), "bob");
  EXPECT_EQ(membership.on_line("error: 'bob' is taken"), Meaning::kRefused);
  EXPECT_EQ(membership.on_line("* what is your name?"), Meaning::kWantsName);
  EXPECT_EQ(membership.name(), "");
  EXPECT_EQ(membership.ask_for("bobby"), "bobby");
}

TEST(RoomMembership, does_not_begin_with_the_arrival_of_another) {
  RoomMembership membership;
  EXPECT_EQ(membership.ask_for("alice"), "alice");
  EXPECT_EQ(membership.on_line("* bob joined"), Meaning::kNothing);
  EXPECT_EQ(membership.on_line("bob: * alice joined"), Meaning::kNothing);
  EXPECT_EQ(membership.name(), "");
}

TEST(RoomMembership, goes_on_under_another_name) {
  RoomMembership membership = member("alice");
  EXPECT_EQ(membership.ask_for("eve"), "/name eve");
  EXPECT_EQ(membership.on_line("* alice is now eve"), Meaning::kNamed);
  EXPECT_EQ(membership.name(), "eve");
}

TEST(RoomMembership, keeps_its_name_when_another_is_refused) {
  RoomMembership membership = member("alice");
  EXPECT_EQ(membership.ask_for("bob"), "/name bob");
  EXPECT_EQ(membership.on_line("error: 'bob' is taken"), Meaning::kRefused);
  EXPECT_EQ(membership.name(), "alice");
}

TEST(RoomMembership, an_error_about_something_else_is_no_refusal) {
  RoomMembership membership = member("alice");
  EXPECT_EQ(membership.on_line("error: no such command"), Meaning::kNothing);
}

TEST(RoomMembership, ends_with_the_connection) {
  RoomMembership membership = member("alice");
  membership.leave();
  EXPECT_EQ(membership.name(), "");
  EXPECT_EQ(membership.ask_for("alice"), "alice");
}

}  // namespace
}  // namespace echolab
