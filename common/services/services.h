#pragma once

#include <memory>

#include "common/services/echo.h"
#include "common/session.h"

namespace echolab {

/// A new client's session. The server that holds it never learns which service it is.
[[nodiscard]] inline std::unique_ptr<Session> make_session() {
  return std::make_unique<EchoSession>();
}

}  // namespace echolab
