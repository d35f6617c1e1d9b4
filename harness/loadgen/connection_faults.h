#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <system_error>

#include "harness/loadgen/connection.h"
#include "harness/loadgen/tally.h"

namespace echolab::loadgen {

/// Counts and describes bytes that `connection.check` found to be wrong or too many. The run has
/// `connections` of them: no payload belongs to a later one.
void note_wrong_bytes(Faults& faults, const Connection& connection,
                      std::span<const std::byte> received, const Connection::Checked& checked,
                      unsigned connections);

/// Counts a connection that the server ended; `how` is "closed", or what the system said.
void note_early_close(Faults& faults, const Connection& connection, const std::string& how);

/// Counts a connection that did not come about.
void note_connect_failure(Faults& faults, const std::system_error& error);

}  // namespace echolab::loadgen
