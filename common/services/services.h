#pragma once

#include <memory>

#include "common/services/service_options.h"
#include "common/session.h"

namespace echolab {

/// A new client's session. The server that holds it never learns which service it is.
[[nodiscard]] std::unique_ptr<Session> make_session(const ServiceOptions& options);

}  // namespace echolab
