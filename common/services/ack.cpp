#include "common/services/ack.h"

#include <fmt/core.h>

#include "common/escape.h"

namespace echolab {

void AckSession::on_message(const Message& message) {
  answer(
      fmt::format("Message '{}' received successfully{}", escaped(message.text), message.line_end));
}

}  // namespace echolab
