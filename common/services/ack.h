#pragma once

#include "common/services/message_session.h"

namespace echolab {

/// Acknowledges each message: `hello` gets `Message 'hello' received successfully`. What is not
/// printable comes back escaped.
class AckSession final : public MessageSession {
 public:
  using MessageSession::MessageSession;

 private:
  void on_message(const Message& message) override;
};

}  // namespace echolab
