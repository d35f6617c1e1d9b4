#pragma once

#include <functional>
#include <utility>

#include "common/services/message_session.h"

namespace echolab {

/// `ping` gets `pong`; `done` closes; anything else is ignored.
class PingpongSession final : public MessageSession {
 public:
  /// `on_done` is called when a client says `done`.
  PingpongSession(const ServiceOptions& options, std::function<void()> on_done)
      : MessageSession(options), on_done_(std::move(on_done)) {}

 private:
  void on_message(const Message& message) override {
    if (message.text == "ping") {
      answer("pong");
      answer(message.line_end);
    } else if (message.text == "done") {
      close();
      on_done_();
    }
  }

  std::function<void()> on_done_;
};

}  // namespace echolab
