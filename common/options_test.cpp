#include "common/options.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace echolab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const ExtraOptions kAll{"--service",        "--workers=10",      "--nap=10ms", "--edge-triggered",
                        "--selector=epoll", "--dispatch=thread", "--echo-self"};

Options parse(std::vector<std::string> arguments, const ExtraOptions& extra_options = kAll) {
  arguments.insert(arguments.begin(), "server");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return parse_options("model", static_cast<int>(argv.size()), argv.data(), extra_options);
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& complaint,
                    const ExtraOptions& extra_options = kAll) {
  EXPECT_EXIT((void)parse(arguments, extra_options), ::testing::ExitedWithCode(2),
              "^model: .*" + complaint);
}

TEST(Options, have_the_defaults_that_the_model_names) {
  const Options options = parse({});
  EXPECT_EQ(options.port, 7007);
  EXPECT_EQ(options.idle_timeout, milliseconds(0));
  EXPECT_EQ(options.workers, 10U);
  EXPECT_EQ(options.nap, milliseconds(10));
  EXPECT_EQ(options.selector, "epoll");
  EXPECT_EQ(options.dispatch, "thread");
  EXPECT_FALSE(options.edge_triggered);
  EXPECT_EQ(options.service.service, Service::kEcho);
  EXPECT_EQ(options.service.framing, Framing::kLine);
}

TEST(Options, a_model_may_give_a_shared_one_another_default) {
  const ExtraOptions extra_options{"--idle-timeout=60s"};
  EXPECT_EQ(parse({}, extra_options).idle_timeout, milliseconds(60'000));
  EXPECT_EQ(parse({"--idle-timeout", "0"}, extra_options).idle_timeout, milliseconds(0));
}

TEST(Options, durations_have_units_and_are_seconds_without) {
  EXPECT_EQ(parse({"--idle-timeout", "0.2"}).idle_timeout, milliseconds(200));
  EXPECT_EQ(parse({"--idle-timeout", "1min"}).idle_timeout, milliseconds(60'000));
  EXPECT_EQ(parse({"--service-time", "5ms"}).service.time, microseconds(5000));
  EXPECT_EQ(parse({"--service-time", "1.5us"}).service.time, microseconds(2));
  EXPECT_EQ(parse({"--nap", "0"}).nap, milliseconds(0));
}

TEST(Options, the_service_is_chosen_by_names) {
  const Options options =
      parse({"--service", "temperature", "--framing", "chunk", "--service-work", "cpu"});
  EXPECT_EQ(options.service.service, Service::kTemperature);
  EXPECT_EQ(options.service.framing, Framing::kChunk);
  EXPECT_EQ(options.service.work, ServiceWork::kCpu);
}

TEST(Options, no_workers_stands_for_one_a_processor) {
  EXPECT_GE(parse({"--workers", "0"}).workers, 1U);
}

using OptionsDeathTest = ::testing::Test;

TEST(OptionsDeathTest, mistakes_are_told_in_one_line) {
  expect_refused({"--service", "ecko"}, "ecko");
  expect_refused({"--service-time", "5x"}, "--service-time");
  expect_refused({"--service-time", "nan"}, "--service-time");
  expect_refused({"--service-time", "-1s"}, "--service-time");
  expect_refused({"--idle-timeout", "2000min"}, "--idle-timeout");
  expect_refused({"--workers", "-1"}, "--workers");
  expect_refused({"--port", "65536"}, "--port");
  expect_refused({"--until-done"}, "--until-done");
}

TEST(OptionsDeathTest, what_the_model_does_not_take_is_refused) {
  expect_refused({"--workers", "2"}, "--workers", {"--service"});
  expect_refused({"--service", "ack"}, "--service", {});
}

}  // namespace
}  // namespace echolab
