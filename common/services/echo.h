#pragma once

#include <cstddef>
#include <span>

#include "common/session.h"

namespace echolab {

/// RFC 862: "any data received is sent back", unchanged and in order, until the client closes.
class EchoSession final : public Session {
  void on_input(std::span<const std::byte> input) override { answer(input); }
};

}  // namespace echolab
