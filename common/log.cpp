#include "common/log.h"

#include <unistd.h>

#include <atomic>

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
  // A log that cannot be written has nowhere to complain.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace echolab::log
