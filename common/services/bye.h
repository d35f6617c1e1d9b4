#pragma once

#include "common/services/message_session.h"

namespace echolab {

/// Echoes each message. After `bye` it echoes that, too, and closes: the server ends this
/// conversation, not the client.
class ByeSession final : public MessageSession {
 public:
  using MessageSession::MessageSession;

 private:
  void on_message(const Message& message) override {
    answer(message.text);
    answer(message.line_end);
    if (message.text == "bye") close();
  }
};

}  // namespace echolab
