#include "01_iterative/client/client_options.h"

#include <cstdlib>
#include <functional>
#include <map>

#include <CLI/CLI.hpp>

#include "common/duration_option.h"

namespace echolab {
namespace {

constexpr int kBadUsage = 2;
constexpr double kShortestTimeout = 0.001;  // seconds
constexpr unsigned kMostPings = 1'000'000;

const std::map<std::string, Framing> kFramings{{"line", Framing::kLine},
                                               {"chunk", Framing::kChunk}};

/// The command line while it is being read: numbers and names.
struct CommandLine {
  ClientOptions options;
  unsigned port = 7007;
  double timeout = 5;  // seconds
  std::string framing = "line";
};

void add_shared_options(CLI::App& app, CommandLine& line) {
  app.add_option("HOST", line.options.server.host, "The server's name or address")
      ->capture_default_str();
  app.add_option("PORT", line.port, "Its port")->check(CLI::Range(1, 65535))->capture_default_str();
  add_duration_option(app, "--timeout", line.timeout,
                      "The longest wait for the server, such as 500ms", kShortestTimeout)
      ->default_str("5s");
}

using AddOption = std::function<void(CLI::App&, CommandLine&)>;

// What ClientManual::extra_options may name.
const std::map<std::string, AddOption>& extra_option_table() {
  static const std::map<std::string, AddOption> table{
      {"--framing",
       [](CLI::App& app, CommandLine& line) {
         app.add_option("--framing", line.framing,
                        "A message ends at \\n, or where one send or a pause ends it")
             ->check(CLI::IsMember(kFramings))
             ->capture_default_str();
       }},
      {"--ping",
       [](CLI::App& app, CommandLine& line) {
         app.add_option("--ping", line.options.pings,
                        "Send so many pings to a server with --service pingpong, and time them")
             ->check(CLI::Range(1U, kMostPings));
       }},
      {"--name",
       [](CLI::App& app, CommandLine& line) {
         app.add_option("--name", line.options.name, "Your name in the chat");
       }},
  };
  return table;
}

ClientOptions interpret(const CommandLine& line) {
  ClientOptions options = line.options;
  options.server.port = std::to_string(line.port);
  options.server.timeout =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(line.timeout));
  options.framing = kFramings.at(line.framing);
  return options;
}

}  // namespace

ClientOptions parse_client_options(const ClientManual& manual, int argc, char** argv) {
  CommandLine line;
  CLI::App app(manual.description, manual.program);
  app.set_version_flag("--version", manual.program + " (Echo Lab) " ECHOLAB_VERSION);
  add_shared_options(app, line);
  for (const std::string& option : manual.extra_options) extra_option_table().at(option)(app, line);
  app.failure_message([&manual](const CLI::App*, const CLI::Error& error) {
    return manual.program + ": " + error.what() + " (see --help)\n";
  });
  try {
    app.parse(argc, argv);
    return interpret(line);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? EXIT_SUCCESS : kBadUsage);
  }
}

}  // namespace echolab
