#include "common/services/services.h"

#include <stdexcept>

#include "common/services/ack.h"
#include "common/services/bye.h"
#include "common/services/echo.h"
#include "common/services/pingpong.h"
#include "common/services/polite.h"
#include "common/services/temperature.h"
#include "common/shutdown.h"

namespace echolab {
namespace {

void end_server_if(bool until_done) {
  if (until_done) Shutdown::request();
}

}  // namespace

std::unique_ptr<Session> make_session(const ServiceOptions& options) {
  switch (options.service) {
    case Service::kEcho:
      return std::make_unique<EchoSession>(options);
    case Service::kAck:
      return std::make_unique<AckSession>(options);
    case Service::kBye:
      return std::make_unique<ByeSession>(options);
    case Service::kPingpong:
      return std::make_unique<PingpongSession>(
          options, [until_done = options.until_done] { end_server_if(until_done); });
    case Service::kTemperature:
      return std::make_unique<TemperatureSession>(options);
    case Service::kPolite:
      return std::make_unique<PoliteSession>(options);
  }
  throw std::logic_error("no such service");
}

}  // namespace echolab
