#include "common/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace echolab::log {
namespace {

std::atomic<bool> is_quiet{false};

}  // namespace

void set_quiet(bool quiet) {
  is_quiet = quiet;
}

bool quiet() {
  return is_quiet.load(std::memory_order_relaxed);
}

void write_line(std::string_view event, std::string_view details) {
  const std::string line =
      details.empty() ? fmt::format("[{}]\n", event) : fmt::format("[{}] {}\n", event, details);
  // EINTR: nothing was written. With any other error there is nowhere to complain.
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace echolab::log
