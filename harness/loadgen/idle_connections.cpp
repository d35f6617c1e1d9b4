#include "harness/loadgen/idle_connections.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <system_error>

#include "common/system_error.h"
#include "harness/loadgen/mismatch.h"

namespace echolab::loadgen {
namespace {

constexpr std::byte kGreeting{'?'};

// poll(2) for one event: false when `patience` ends first.
bool await(int fd, short event, Duration patience) {
  pollfd waiting{fd, event, 0};
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(patience);
  return ::poll(&waiting, 1, static_cast<int>(limit.count())) > 0;
}

// Waits until a connection that was begun has come about (connect(2), EINPROGRESS).
void await_connection(int fd, Duration patience) {
  int error = await(fd, POLLOUT, patience) ? 0 : ETIMEDOUT;
  socklen_t size = sizeof error;
  if (error == 0) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) throw system_error("connect", error);
}

// What came back within `patience` for the greeting; nothing may be all.
std::vector<std::byte> answer_to_greeting(int fd, Duration patience) {
  ::send(fd, &kGreeting, sizeof kGreeting, MSG_NOSIGNAL);
  std::array<std::byte, 16> buffer{};
  if (!await(fd, POLLIN, patience)) return {};
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  return {buffer.data(), buffer.data() + std::max<ssize_t>(got, 0)};
}

}  // namespace

IdleConnections::IdleConnections(Target& target, unsigned count, Duration patience, Faults& faults)
    : count_(count) {
  sockets_.reserve(count);
  try {
    open_all(target, patience, faults);
  } catch (const std::system_error& error) {
    ++faults.connect_failures;
    faults.first_connect_failure = error.what();
  }
}

void IdleConnections::open_all(Target& target, Duration patience, Faults& faults) {
  for (; served_ < count_; ++served_) {
    sockets_.push_back(target.start_connect());
    await_connection(sockets_.back().get(), patience);
    const auto answer = answer_to_greeting(sockets_.back().get(), patience);
    if (answer == std::vector{kGreeting}) continue;
    faults.idle_unserved = count_ - served_;
    if (!answer.empty()) {
      ++faults.mismatches;
      faults.first_mismatch = "the first byte of a silent connection came back as " + hex(answer);
    }
    return;
  }
}

void IdleConnections::check(Faults& faults) const {
  std::array<std::byte, 4096> buffer{};
  for (const UniqueFd& socket : std::span(sockets_).first(served_)) {
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      const auto bytes = std::span(buffer).first(static_cast<std::size_t>(got));
      faults.surplus_bytes += bytes.size();
      faults.first_mismatch = "a silent connection got " + hex(bytes);
    } else if (got == 0 || errno != EAGAIN) {
      ++faults.early_closes;
      faults.first_early_close = "a silent one";
    }
  }
}

}  // namespace echolab::loadgen
