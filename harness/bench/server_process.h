#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/unique_fd.h"

namespace echolab::bench {

/// One of the kit's servers as a process of its own, on a free port; stopped at the end.
class ServerProcess {
 public:
  /// Starts `program --port 0 --quiet` and waits for its ready line. Throws std::runtime_error or
  /// std::system_error when it cannot be started or says nothing for ten seconds.
  explicit ServerProcess(const std::string& program);

  /// Asks it to end (SIGTERM), and kills it if it has not within five seconds.
  ~ServerProcess();

  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] pid_t id() const { return process_; }

 private:
  void spawn(const std::string& program);
  [[nodiscard]] std::string ready_line() const;
  void stop() const;

  pid_t process_ = -1;
  UniqueFd output_;  // the reading end of its stdout
  std::uint16_t port_ = 0;
};

}  // namespace echolab::bench
