// The load generator's program: the signals, the exit status, and where the reports go.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/loadgen/command_line.h"
#include "harness/loadgen/report.h"
#include "harness/loadgen/run.h"

namespace echolab::loadgen {
namespace {

constexpr int kInterrupted = 128 + SIGINT;  // as the shell reports a program that Ctrl-C ended

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // so that a signal handler may set it

// The first Ctrl-C ends the run with what was measured; SA_RESETHAND lets a second one end it all.
void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void write_file(const std::string& name, const std::string& text) {
  std::ofstream file(name);
  file << text << std::flush;
  if (!file) throw std::runtime_error("cannot write " + name);
}

// The report goes to stdout; when there is none for people, the reasons go to stderr.
void print(const CommandLine& command, const Result& result) {
  if (command.json) fmt::print("{}\n", json_report(result).dump(2));
  if (!command.json && result.tally.echoes > 0) {
    fmt::print("{}", text_report(result));
    return;
  }
  for (const std::string& reason : result.void_reasons) {
    fmt::print(stderr, "loadgen: {}\n", reason);
  }
}

void pause_at(const char* milestone) {
  fmt::print("{}\n", milestone);
  std::fflush(stdout);
  for (int character = 0; character != '\n' && character != EOF;) character = std::getchar();
}

int generate_load(const CommandLine& command) {
  catch_interrupts();
  Observer observer;
  if (command.observed) {
    observer.opened = [] { pause_at("opened"); };
    observer.driven = [] { pause_at("driven"); };
  }
  const Result result = run(command.workload, interrupted, observer);
  print(command, result);
  if (!command.hgrm_file.empty()) write_file(command.hgrm_file, hgrm_report(result.tally.latency));
  if (result.interrupted) return kInterrupted;
  return result.void_reasons.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace echolab::loadgen

int main(int argc, char** argv) {
  echolab::loadgen::CommandLine command;
  if (const auto status = echolab::loadgen::parse_command_line(argc, argv, command)) return *status;
  try {
    return echolab::loadgen::generate_load(command);
  } catch (const std::exception& error) {
    fmt::print(stderr, "loadgen: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
