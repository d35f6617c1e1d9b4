#pragma once

#include <cstddef>
#include <span>

#include "common/framing.h"
#include "common/services/service_time.h"
#include "common/session.h"

namespace echolab {

/// The part that the services of messages share: finds the messages, and takes no further one
/// while there is no room for its answer. A line longer than MessageReader::kMaxLine is answered
/// by `error: line too long`, and ends the conversation.
class MessageSession : public Session {
 public:
  explicit MessageSession(const ServiceOptions& options)
      : reader_(options.framing), service_time_(options) {}

 private:
  /// The service: what it has to say to `message`, it says with answer().
  virtual void on_message(const Message& message) = 0;

  void on_input(std::span<const std::byte> input) final;
  void on_eof() final;
  void on_room() final { take_messages(); }
  void take_messages();

  MessageReader reader_;
  ServiceTime service_time_;
};

}  // namespace echolab
