#include "common/options.h"

#include <cstdlib>
#include <limits>

#include <CLI/CLI.hpp>

namespace echolab {
namespace {

constexpr int kBadUsage = 2;
constexpr double kLongestIdleTimeout = 24.0 * 60 * 60;  // seconds

std::chrono::milliseconds to_milliseconds(double seconds) {
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

}  // namespace

Options parse_options(const std::string& model, int argc, char** argv) {
  Options options;
  std::size_t max_clients = 0;
  double idle_timeout = 0;

  CLI::App app("Echo Lab's " + model + " server: sends back what it receives (RFC 862)", model);
  app.set_version_flag("--version", model + " (Echo Lab) " ECHOLAB_VERSION);
  app.add_option("--host", options.host, "Address or name to listen on")->capture_default_str();
  app.add_option("--port", options.port, "TCP port to listen on; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--backlog", options.backlog, "Connections the kernel may queue for accept")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  app.add_option("--max-clients", max_clients, "Turn away further clients; 0 sets no limit")
      ->check(CLI::Range(0, std::numeric_limits<int>::max()))
      ->capture_default_str();
  app.add_option(
         "--idle-timeout", idle_timeout,
         "Disconnect a client after so many SECONDS without a byte either way; 0 never does")
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "Log nothing");

  app.failure_message([&model](const CLI::App*, const CLI::Error& error) {
    return model + ": " + error.what() + " (see --help)\n";
  });
  try {
    app.parse(argc, argv);
    // Not CLI::Range, which lets "nan" pass.
    if (!(idle_timeout >= 0 && idle_timeout <= kLongestIdleTimeout)) {
      throw CLI::ValidationError("--idle-timeout", "Value not in range 0 to 86400");
    }
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? EXIT_SUCCESS : kBadUsage);
  }
  if (max_clients != 0) options.max_clients = max_clients;
  options.idle_timeout = to_milliseconds(idle_timeout);
  return options;
}

}  // namespace echolab
