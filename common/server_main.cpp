#include "common/server_main.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/core.h>

#include "common/cannot_run_here.h"
#include "common/client_record.h"
#include "common/datagram_socket.h"
#include "common/log.h"
#include "common/socket_address.h"

namespace echolab {
namespace {

constexpr int kExitCannotRun = 3;

struct CpuTime {
  double user = 0;  // seconds
  double system = 0;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// getrusage(2): this process, and the children that were waited for.
CpuTime cpu_time() {
  rusage self{};
  rusage children{};
  ::getrusage(RUSAGE_SELF, &self);
  ::getrusage(RUSAGE_CHILDREN, &children);
  return {seconds(self.ru_utime) + seconds(children.ru_utime),
          seconds(self.ru_stime) + seconds(children.ru_stime)};
}

void print_cpu_time(const CpuTime& at_start) {
  const CpuTime now = cpu_time();
  fmt::print("CPU time: {:.3f} s user, {:.3f} s system\n", now.user - at_start.user,
             now.system - at_start.system);
}

void print_ready_line(const std::string& model, const std::string& address) {
  fmt::print("{} listening on {}\n", model, address);
  std::fflush(stdout);
}

void serve(const std::string& model, const Options& options, Run run, Shutdown& shutdown) {
  Listener listener(options);
  print_ready_line(model, listener.address());
  run(listener, options, shutdown);
  const ClientRecord::Totals totals = ClientRecord::totals();
  fmt::print("{}: clients served: {}, bytes sent: {}, ", model, totals.clients, totals.bytes);
}

void serve(const std::string& model, const Options& options, DatagramRun run, Shutdown& shutdown) {
  const UniqueFd socket = open_datagram_socket(options);
  print_ready_line(model, local_address(socket.get()));
  const DatagramTotals totals = run(socket, options, shutdown);
  fmt::print("{}: datagrams received: {}, sent: {}, ", model, totals.received, totals.sent);
}

// The summary is as Stevens' servers print it on Ctrl-C.
template <typename AnyRun>
int run_server(const std::string& model, const Options& options, AnyRun run,
               Requirement requirement = nullptr) {
  log::set_quiet(options.quiet);
  // A reader of the log that goes away must not take the server along. (For sockets there is
  // MSG_NOSIGNAL; write(2) to a pipe has no such flag.)
  std::signal(SIGPIPE, SIG_IGN);
  // A process keeps its CPU time through exec(3): what ran before this program does not count.
  const CpuTime at_start = cpu_time();
  try {
    if (requirement != nullptr) requirement();
    log::event("STARTING", "{}, process {}", model, ::getpid());
    Shutdown shutdown;
    serve(model, options, run, shutdown);
    log::event("CLOSED");
    print_cpu_time(at_start);
  } catch (const CannotRunHere& error) {
    fmt::print(stderr, "{}: {}\n", model, error.what());
    return kExitCannotRun;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", model, error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace

int server_main(const std::string& model, int argc, char** argv, Run run,
                const ExtraOptions& extra_options, Requirement requirement) {
  ExtraOptions options{"--service"};
  options.insert(options.end(), extra_options.begin(), extra_options.end());
  return run_server(model, parse_options(model, argc, argv, options), run, requirement);
}

int chat_server_main(const std::string& model, int argc, char** argv, Run run) {
  return run_server(model, parse_options(model, argc, argv, {"--echo-self"}), run);
}

int udp_server_main(const std::string& model, int argc, char** argv, DatagramRun run,
                    const ExtraOptions& extra_options) {
  return run_server(model, parse_options(model, argc, argv, extra_options), run);
}

}  // namespace echolab
