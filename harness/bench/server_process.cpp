#include "harness/bench/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "common/system_error.h"

namespace echolab::bench {
namespace {

constexpr int kStartMilliseconds = 10'000;
constexpr int kStopMilliseconds = 5'000;

bool is_readable(int fd, int milliseconds) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) == 1;
}

// Reads a process's stdout, which ends when the process does; false if nothing comes for so long.
bool ends_within(int fd, int milliseconds) {
  std::array<char, 256> ignored{};
  while (is_readable(fd, milliseconds)) {
    if (::read(fd, ignored.data(), ignored.size()) <= 0) return true;
  }
  return false;
}

// "select listening on 127.0.0.1:40123"
std::uint16_t port_of(const std::string& ready_line) {
  return static_cast<std::uint16_t>(std::stoul(ready_line.substr(ready_line.rfind(':') + 1)));
}

}  // namespace

ServerProcess::ServerProcess(const std::string& program) {
  spawn(program);
  try {
    port_ = port_of(ready_line());
  } catch (const std::logic_error&) {
    stop();
    throw std::runtime_error(program + " ended, or said nothing, instead of listening");
  }
}

ServerProcess::~ServerProcess() {
  stop();
}

void ServerProcess::spawn(const std::string& program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe2");
  output_.reset(ends[0]);
  const UniqueFd input(ends[1]);
  const std::array<const char*, 5> arguments{program.c_str(), "--port", "0", "--quiet", nullptr};

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
  const int error = ::posix_spawn(&process_, program.c_str(), &actions, nullptr,
                                  const_cast<char**>(arguments.data()), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw system_error(program, error);
}

std::string ServerProcess::ready_line() const {
  std::string line;
  char next = 0;
  while (is_readable(output_.get(), kStartMilliseconds) && ::read(output_.get(), &next, 1) == 1 &&
         next != '\n') {
    line += next;
  }
  return line;
}

void ServerProcess::stop() const {
  ::kill(process_, SIGTERM);
  if (!ends_within(output_.get(), kStopMilliseconds)) ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace echolab::bench
