#include "01_iterative/client/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <system_error>

#include "01_iterative/client/failure.h"
#include "01_iterative/client/wait_until_ready.h"
#include "common/system_error.h"
#include "common/unique_fd.h"

namespace echolab {
namespace {

Failure failure_to_write(int error) {
  if (error == EPIPE) return {"CLOSED", "Nobody reads the answers any more."};
  return {"ERROR", "Cannot write the answers: " + std::generic_category().message(error)};
}

}  // namespace

Screen::Screen(int interrupt)
    : interrupt_(interrupt),
      has_prompt_(::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1) {}

Screen::~Screen() {
  stop_waiting();
  try {
    finish_line();
  } catch (const std::exception&) {
    // Whoever used the screen last has been told by show().
  }
}

void Screen::show_prompt() {
  if (!prompting_) write("> ");
  prompting_ = true;
}

void Screen::line_was_typed() {
  prompting_ = false;
  at_line_start_ = at_line_start_ || has_prompt_;
}

void Screen::finish_line() {
  prompting_ = false;
  if (!at_line_start_) write("\n");
}

void Screen::show(std::string_view text) {
  if (text.empty()) return;
  if (prompting_) finish_line();
  write(text);
}

void Screen::write(std::string_view text) {
  while (!text.empty()) {
    const Clock::time_point deadline = waits_ ? kForever : Clock::now();
    if (!wait_until_ready(STDOUT_FILENO, POLLOUT, deadline, waits_ ? interrupt_ : -1)) return;
    // pipe(7): a pipe that is ready takes PIPE_BUF bytes without blocking.
    const std::string_view piece = text.substr(0, PIPE_BUF);
    const ssize_t written = ::write(STDOUT_FILENO, piece.data(), piece.size());
    if (written < 0 && !would_block(errno)) throw failure_to_write(errno);
    if (written <= 0) continue;
    at_line_start_ = piece[static_cast<std::size_t>(written) - 1] == '\n';
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void occupy_standard_descriptors() {
  for (;;) {
    // open(2) takes the lowest number that is free.
    UniqueFd null(::open("/dev/null", O_RDONLY));
    if (!null) throw system_error("open /dev/null");
    if (null.get() > STDERR_FILENO) return;
    [[maybe_unused]] const int kept = null.release();
  }
}

}  // namespace echolab
