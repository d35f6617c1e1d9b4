#pragma once

#include <chrono>

#include "common/framing.h"

namespace echolab {

/// What a server does for its clients, whatever its concurrency model.
enum class Service {
  kEcho,         ///< RFC 862: sends back what it receives
  kAck,          ///< answers each message: Message 'hello' received successfully
  kBye,          ///< echoes each message; closes after `bye`
  kPingpong,     ///< answers `ping` by `pong`, closes at `done`, ignores all else
  kTemperature,  ///< a Celsius number in, Fahrenheit out
};

/// How --service-time passes.
enum class ServiceWork {
  kSleep,  ///< asleep, as one who waits for a disk or a database
  kCpu,    ///< computing: CPU time of the thread
};

/// The part of the command line that the sessions obey.
struct ServiceOptions {
  Service service = Service::kEcho;
  Framing framing = Framing::kLine;
  std::chrono::microseconds time{0};  ///< what each message costs
  ServiceWork work = ServiceWork::kSleep;
  bool until_done = false;  ///< pingpong: `done` ends the server as well
};

}  // namespace echolab
