#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "common/framing.h"

namespace echolab {

/// What a server does for its clients, whatever its concurrency model.
enum class Service {
  kEcho,         ///< RFC 862: sends back what it receives
  kAck,          ///< answers each message: Message 'hello' received successfully
  kBye,          ///< echoes each message; closes after `bye`
  kPingpong,     ///< answers `ping` by `pong`, closes at `done`, ignores all else
  kTemperature,  ///< a Celsius number in, Fahrenheit out
  kPolite,       ///< greets, echoes every byte at once, closes after a farewell
};

/// How the service `polite` behaves. (A line's end is no part of it.)
struct Manners {
  std::string greeting = "welcome";
  std::string terminator = "bye";  ///< the line that is the farewell
  std::size_t line_limit = 4096;   ///< bytes: a longer line ends the conversation, too
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
  Manners manners;
  bool until_done = false;  ///< pingpong: `done` ends the server as well
};

}  // namespace echolab
