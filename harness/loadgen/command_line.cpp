#include "harness/loadgen/command_line.h"

#include <cstdlib>
#include <limits>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/loadgen/payload.h"

namespace echolab::loadgen {
namespace {

constexpr int kBadUsage = 2;

template <typename Number>
void add_number(CLI::App& app, const std::string& name, Number& value, Number least, Number most,
                const std::string& help) {
  app.add_option(name, value, help)
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(least, most).description(""));
}

// "500ms", "2s", "100us"; a plain number is seconds.
CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& duration,
                          const std::string& help, double least = 0) {
  constexpr double kLongest = 86400;  // a day
  const auto store = [&duration](const double& seconds) {
    duration = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  };
  const std::map<std::string, double> units{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1.0}};
  return app.add_option_function<double>(name, store, help)
      ->transform(CLI::AsNumberWithUnit(units).description(""))
      ->check(CLI::Range(least, kLongest).description(""))
      ->type_name("TIME")
      ->default_str(fmt::format("{:g}s", std::chrono::duration<double>(duration).count()));
}

void add_clients(CLI::App& app, Workload& workload) {
  constexpr std::uint32_t kMost = PayloadStream::kMaxConnections;
  app.add_option("--host", workload.host, "The server's name or address")
      ->capture_default_str()
      ->type_name("HOST");
  add_number<std::uint16_t>(app, "--port", workload.port, 1, 65535, "The server's port");
  add_number<unsigned>(app, "--clients", workload.clients, 1, kMost, "Clients");
  add_number<std::size_t>(app, "--bytes", workload.bytes, 1, PayloadStream::kMaxMessageBytes,
                          "Size of a request, and of its answer");
  add_number<unsigned>(app, "--depth", workload.depth, 1, 65536,
                       "Requests that a client keeps in flight");
  add_duration(app, "--think", workload.think,
               "Pause after an answer; with --churn, before hanging up");
  app.add_flag("--churn", workload.churn, "A new connection for every request");
  add_number<unsigned>(app, "--idle", workload.idle, 0, kMost, "Silent connections besides");
}

void add_run(CLI::App& app, Workload& workload) {
  auto* const duration =
      add_duration(app, "--duration", workload.duration, "Length of the measured window");
  app.add_option("--requests", workload.requests, "Measure so many requests instead")
      ->type_name("N")
      ->check(CLI::Range(1.0, 1e18).description(""))
      ->excludes(duration);
  add_duration(app, "--warmup", workload.warmup, "Load before the measured window");
  add_duration(app, "--patience", workload.patience, "Longest wait without any answer", 0.001);
  add_number<unsigned>(app, "--threads", workload.threads, 1, 1024,
                       "Threads that share the clients");
}

void add_open_loop(CLI::App& app, Workload& workload) {
  const auto store_arrivals = [&workload](const std::string& name) {
    workload.arrivals = name == "poisson" ? Arrivals::kPoisson : Arrivals::kUniform;
  };
  auto* const rate =
      app.add_option("--rate", workload.rate,
                     "Open loop: requests due a second, all clients together, answered or not")
          ->type_name("R")
          ->check(CLI::Range(1e-3, 1e7).description(""));
  app.add_option_function<std::string>("--arrivals", store_arrivals,
                                       "How they are spaced: uniform or poisson")
      ->type_name("NAME")
      ->default_str("uniform")
      ->check(CLI::IsMember({"uniform", "poisson"}).description(""))
      ->needs(rate);
  add_number<std::uint64_t>(app, "--seed", workload.seed, 0,
                            std::numeric_limits<std::uint64_t>::max(), "Of poisson arrivals");
}

void add_rude_clients(CLI::App& app, Workload& workload) {
  constexpr unsigned kMost = 10'000;
  add_number<unsigned>(app, "--slow-readers", workload.slow_readers, 0, kMost,
                       "Rude clients besides: send and never read");
  add_number<unsigned>(app, "--dribble", workload.dribble, 0, kMost,
                       "Rude clients besides: send a byte every 10 ms");
  app.add_option("--resets-per-second", workload.resets_per_second,
                 "Rude clients besides: connect, send, reset")
      ->type_name("R")
      ->check(CLI::Range(0.0, 1e5).description(""));
}

void require_sense(const Workload& workload) {
  if (workload.rate && workload.requests) {
    throw CLI::ValidationError("--rate", "says how many: give a --duration, not --requests");
  }
  if (workload.rate && workload.think > Duration(0)) {
    throw CLI::ValidationError("--rate", "says when a client asks: --think must be 0");
  }
  if (workload.clients + workload.dribble > PayloadStream::kMaxConnections) {
    throw CLI::ValidationError("--dribble", "too many beside so many --clients");
  }
  if (workload.churn && workload.depth > 1) {
    throw CLI::ValidationError("--churn", "sends one request a connection: --depth must be 1");
  }
}

}  // namespace

std::optional<int> parse_command_line(int argc, const char* const* argv, CommandLine& command) {
  CLI::App app(
      "Puts an echo server under load, measures it, and compares every byte that comes back.\n"
      "A TIME is a number of seconds, or has a unit: 2s, 500ms, 100us.",
      "loadgen");
  app.set_version_flag("--version", "loadgen " ECHOLAB_VERSION);
  add_clients(app, command.workload);
  add_open_loop(app, command.workload);
  add_rude_clients(app, command.workload);
  add_run(app, command.workload);
  app.add_flag("--json", command.json, "Print one JSON object");
  app.add_option("--hgrm", command.hgrm_file, "Write the latency distribution, in microseconds")
      ->type_name("FILE");
  app.add_flag("--observed", command.observed,
               "Print 'opened' and 'driven' when it is so, and wait each time for a line on stdin");
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("loadgen: {} (see --help)\n", error.what());
  });
  try {
    app.parse(argc, argv);
    require_sense(command.workload);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kBadUsage;
  }
  return std::nullopt;
}

}  // namespace echolab::loadgen
