#pragma once

#include "common/services/message_session.h"

namespace echolab {

/// A temperature in degrees Celsius gets the same in degrees Fahrenheit, with two decimals: `100`
/// gets `212.00`. Anything else gets `error: 'abc' is not a temperature`.
class TemperatureSession final : public MessageSession {
 public:
  using MessageSession::MessageSession;

 private:
  void on_message(const Message& message) override;
};

}  // namespace echolab
