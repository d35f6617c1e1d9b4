#pragma once

#include <cstddef>
#include <span>

#include "common/services/service_time.h"
#include "common/session.h"

namespace echolab {

/// RFC 862: "any data received is sent back", unchanged and in order, until the client closes.
/// There are no messages here; --service-time counts what one recv returned as one.
class EchoSession final : public Session {
 public:
  explicit EchoSession(const ServiceOptions& options) : service_time_(options) {}

 private:
  void on_input(std::span<const std::byte> input) override {
    service_time_.pass();
    answer(input);
  }

  ServiceTime service_time_;
};

}  // namespace echolab
