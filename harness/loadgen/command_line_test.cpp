#include "harness/loadgen/command_line.h"

#include <initializer_list>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace echolab::loadgen {
namespace {

using namespace std::chrono_literals;

std::optional<int> parse(std::initializer_list<const char*> options, CommandLine& command) {
  std::vector<const char*> arguments{"loadgen"};
  arguments.insert(arguments.end(), options);
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data(), command);
}

Workload workload(std::initializer_list<const char*> options) {
  CommandLine command;
  EXPECT_EQ(parse(options, command), std::nullopt);
  return command.workload;
}

std::optional<int> exit_status(std::initializer_list<const char*> options) {
  CommandLine command;
  return parse(options, command);
}

TEST(CommandLine, without_options_is_the_standard_workload) {
  const Workload standard = workload({});
  EXPECT_EQ(standard.clients, 1U);
  EXPECT_EQ(standard.bytes, 64U);
  EXPECT_EQ(standard.duration, 1s);
  EXPECT_FALSE(standard.requests.has_value());
}

TEST(CommandLine, a_time_without_unit_is_seconds) {
  EXPECT_EQ(workload({"--duration", "2"}).duration, 2s);
  EXPECT_EQ(workload({"--think", "0.5"}).think, 500ms);
}

TEST(CommandLine, a_time_may_have_a_unit) {
  EXPECT_EQ(workload({"--think", "100us"}).think, 100us);
  EXPECT_EQ(workload({"--warmup=50ms"}).warmup, 50ms);
  EXPECT_EQ(workload({"--patience", "3s"}).patience, 3s);
}

TEST(CommandLine, requests_replace_the_duration) {
  EXPECT_EQ(workload({"--requests", "1000"}).requests, 1000U);
}

TEST(CommandLine, a_depth_of_one_agrees_with_churn) {
  EXPECT_TRUE(workload({"--churn", "--depth", "1"}).churn);
}

TEST(CommandLine, a_rate_opens_the_loop) {
  EXPECT_FALSE(workload({}).rate);
  const Workload uniform = workload({"--rate", "1000"});
  EXPECT_EQ(uniform.rate, 1000.0);
  EXPECT_EQ(uniform.arrivals, Arrivals::kUniform);
  const Workload poisson = workload({"--rate=0.5", "--arrivals", "poisson", "--seed", "7"});
  EXPECT_EQ(poisson.arrivals, Arrivals::kPoisson);
  EXPECT_EQ(poisson.seed, 7U);
}

TEST(CommandLine, what_contradicts_a_rate_is_bad_usage) {
  EXPECT_EQ(exit_status({"--rate", "9", "--requests", "5"}), 2);
  EXPECT_EQ(exit_status({"--rate", "9", "--think", "1ms"}), 2);
  EXPECT_EQ(exit_status({"--rate", "0"}), 2);
  EXPECT_EQ(exit_status({"--rate", "9", "--arrivals", "weekly"}), 2);
  EXPECT_EQ(exit_status({"--arrivals", "poisson"}), 2);
}

TEST(CommandLine, rude_clients_come_on_demand) {
  EXPECT_FALSE(workload({}).has_rude_clients());
  EXPECT_EQ(workload({"--slow-readers", "2"}).slow_readers, 2U);
  EXPECT_EQ(workload({"--dribble", "3"}).dribble, 3U);
  EXPECT_EQ(workload({"--resets-per-second", "0.5"}).resets_per_second, 0.5);
  EXPECT_EQ(exit_status({"--dribble", "1", "--clients", "262144"}), 2);
}

TEST(CommandLine, bad_usage_ends_the_program_with_2) {
  EXPECT_EQ(exit_status({"--churn", "--depth", "2"}), 2);
  EXPECT_EQ(exit_status({"--duration", "1", "--requests", "5"}), 2);
  EXPECT_EQ(exit_status({"--think", "5 parsecs"}), 2);
  EXPECT_EQ(exit_status({"--patience", "0"}), 2);
  EXPECT_EQ(exit_status({"--bytes", "0"}), 2);
  EXPECT_EQ(exit_status({"--cleints", "3"}), 2);
}

TEST(CommandLine, help_and_version_end_the_program_with_0) {
  EXPECT_EQ(exit_status({"--help"}), 0);
  EXPECT_EQ(exit_status({"--version"}), 0);
}

}  // namespace
}  // namespace echolab::loadgen
