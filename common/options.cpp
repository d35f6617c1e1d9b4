#include "common/options.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include <CLI/CLI.hpp>

#include "common/duration_option.h"

namespace echolab {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr int kBadUsage = 2;
constexpr int kLongestLimit = 1 << 20;

template <typename Duration>
Duration to(double seconds) {
  return std::chrono::ceil<Duration>(Seconds(seconds));
}

const std::map<std::string, Service> kServices{{"echo", Service::kEcho},
                                               {"ack", Service::kAck},
                                               {"bye", Service::kBye},
                                               {"pingpong", Service::kPingpong},
                                               {"temperature", Service::kTemperature},
                                               {"polite", Service::kPolite}};
const std::map<std::string, Framing> kFramings{{"line", Framing::kLine},
                                               {"chunk", Framing::kChunk}};
const std::map<std::string, ServiceWork> kServiceWorks{{"sleep", ServiceWork::kSleep},
                                                       {"cpu", ServiceWork::kCpu}};

/// The command line while it is being read: durations are numbers, choices are names.
struct CommandLine {
  Options options;
  std::size_t max_clients = 0;
  double idle_timeout = 0;  // seconds
  std::string service = "echo";
  std::string framing = "line";
  std::string service_work = "sleep";
  double service_time = 0;  // seconds
  double nap = 0;           // seconds
};

void add_shared_options(CLI::App& app, CommandLine& line) {
  Options& options = line.options;
  app.add_option("--host", options.host, "Address or name to listen on")->capture_default_str();
  app.add_option("--port", options.port, "Port to listen on; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--backlog", options.backlog, "Connections the kernel may queue for accept")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  app.add_option("--max-clients", line.max_clients, "Turn away further clients; 0 sets no limit")
      ->check(CLI::Range(0, std::numeric_limits<int>::max()))
      ->capture_default_str();
  add_duration_option(app, "--idle-timeout", line.idle_timeout,
                      "Disconnect a client after so long without a byte either way; 0 never does");
  app.add_flag("--quiet", options.quiet, "Log nothing");
}

void add_manners(CLI::App& app, Manners& manners) {
  app.add_option("--greeting", manners.greeting, "With --service polite: said to a newcomer")
      ->capture_default_str();
  app.add_option("--terminator", manners.terminator, "With it: the line after which to close")
      ->capture_default_str();
  app.add_option("--line-limit", manners.line_limit, "With it: close after a line of more bytes")
      ->check(CLI::Range(1, kLongestLimit))
      ->capture_default_str();
}

void add_service_options(CLI::App& app, CommandLine& line) {
  app.add_option("--service", line.service, "What the clients are served")
      ->check(CLI::IsMember(kServices))
      ->capture_default_str();
  app.add_option("--framing", line.framing, "A message ends at \\n, or where one recv ended")
      ->check(CLI::IsMember(kFramings))
      ->capture_default_str();
  add_duration_option(app, "--service-time", line.service_time,
                      "What each message costs, such as 5ms");
  app.add_option("--service-work", line.service_work, "How --service-time passes")
      ->check(CLI::IsMember(kServiceWorks))
      ->capture_default_str();
  app.add_flag("--until-done", line.options.service.until_done,
               "With --service pingpong: a client's `done` ends the server, too");
  add_manners(app, line.options.service.manners);
}

using AddOption = std::function<CLI::Option*(CLI::App&, CommandLine&)>;

// What an ExtraOptions may name.
const std::map<std::string, AddOption>& extra_option_table() {
  static const std::map<std::string, AddOption> table{
      {"--workers",
       [](CLI::App& app, CommandLine& line) {
         return app
             .add_option("--workers", line.options.workers, "Workers; 0: one for each processor")
             ->check(CLI::Range(0, 10'000));
       }},
      {"--nap",
       [](CLI::App& app, CommandLine& line) {
         return add_duration_option(app, "--nap", line.nap, "How long to sleep between two rounds");
       }},
      {"--edge-triggered",
       [](CLI::App& app, CommandLine& line) {
         return app.add_flag("--edge-triggered", line.options.edge_triggered,
                             "Ask epoll for changes of readiness (EPOLLET)");
       }},
      {"--selector",
       [](CLI::App& app, CommandLine& line) {
         return app.add_option("--selector", line.options.selector, "The system call to wait with")
             ->check(CLI::IsMember({"epoll", "poll", "select"}));
       }},
      {"--dispatch",
       [](CLI::App& app, CommandLine& line) {
         return app.add_option("--dispatch", line.options.dispatch, "Who runs the handler")
             ->check(CLI::IsMember({"inline", "thread", "fork"}));
       }},
      {"--echo-self",
       [](CLI::App& app, CommandLine& line) {
         return app.add_flag("--echo-self", line.options.echo_self,
                             "Send a message to its author, too");
       }},
  };
  return table;
}

void add_extra_option(CLI::App& app, CommandLine& line, const std::string& name_and_default) {
  if (name_and_default == "--service") return add_service_options(app, line);
  const std::size_t equals = name_and_default.find('=');
  const std::string name = name_and_default.substr(0, equals);
  CLI::Option* option = app.get_option_no_throw(name);
  if (option == nullptr) option = extra_option_table().at(name)(app, line);
  if (equals != std::string::npos) option->default_val(name_and_default.substr(equals + 1));
}

Options interpret(const CommandLine& line) {
  Options options = line.options;
  if (line.max_clients != 0) options.max_clients = line.max_clients;
  // hardware_concurrency() may not know, and says 0 then.
  if (options.workers == 0) options.workers = std::max(1U, std::thread::hardware_concurrency());
  options.idle_timeout = to<std::chrono::milliseconds>(line.idle_timeout);
  options.nap = to<std::chrono::milliseconds>(line.nap);
  options.service.service = kServices.at(line.service);
  options.service.framing = kFramings.at(line.framing);
  options.service.work = kServiceWorks.at(line.service_work);
  options.service.time = to<std::chrono::microseconds>(line.service_time);
  if (options.service.until_done && options.service.service != Service::kPingpong) {
    throw CLI::ValidationError("--until-done", "is for --service pingpong");
  }
  return options;
}

}  // namespace

Options parse_options(const std::string& model, int argc, char** argv,
                      const ExtraOptions& extra_options) {
  CommandLine line;
  CLI::App app("Echo Lab's " + model + " server", model);
  app.set_version_flag("--version", model + " (Echo Lab) " ECHOLAB_VERSION);
  add_shared_options(app, line);
  for (const std::string& option : extra_options) add_extra_option(app, line, option);
  app.failure_message([&model](const CLI::App*, const CLI::Error& error) {
    return model + ": " + error.what() + " (see --help)\n";
  });
  try {
    app.parse(argc, argv);
    return interpret(line);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? EXIT_SUCCESS : kBadUsage);
  }
}

}  // namespace echolab
