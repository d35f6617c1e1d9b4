#include "common/server_main.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/core.h>

#include "common/client_record.h"
#include "common/log.h"

namespace echolab {
namespace {

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

// As Stevens' servers did on Ctrl-C.
void print_summary(const std::string& model, const CpuTime& at_start) {
  const CpuTime now = cpu_time();
  const ClientRecord::Totals totals = ClientRecord::totals();
  fmt::print("{}: clients served: {}, bytes echoed: {}, CPU time: {:.3f} s user, {:.3f} s system\n",
             model, totals.clients, totals.bytes, now.user - at_start.user,
             now.system - at_start.system);
}

void serve(const std::string& model, const Options& options, Run run) {
  // A process keeps its CPU time through exec(3): what ran before this program does not count.
  const CpuTime at_start = cpu_time();
  log::event("STARTING", "{}, process {}", model, ::getpid());
  Shutdown shutdown;
  Listener listener(options);
  fmt::print("{} listening on {}\n", model, listener.address());
  std::fflush(stdout);
  run(listener, options, shutdown);
  log::event("CLOSED");
  print_summary(model, at_start);
}

}  // namespace

int server_main(const std::string& model, int argc, char** argv, Run run) {
  const Options options = parse_options(model, argc, argv);
  log::set_quiet(options.quiet);
  // A reader of the log that goes away must not take the server along. (For sockets there is
  // MSG_NOSIGNAL; write(2) to a pipe has no such flag.)
  std::signal(SIGPIPE, SIG_IGN);
  try {
    serve(model, options, run);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", model, error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace echolab
