#include "harness/loadgen/connection_faults.h"

#include <fmt/format.h>

#include "harness/loadgen/mismatch.h"

namespace echolab::loadgen {

void note_wrong_bytes(Faults& faults, const Connection& connection,
                      std::span<const std::byte> received, const Connection::Checked& checked,
                      unsigned connections) {
  std::string description;
  if (checked.intact) {
    faults.surplus_bytes += checked.surplus;
    const Place& place = connection.due().place();
    description = fmt::format("connection {}, after message {}: {} byte{} more than were sent: {}",
                              place.connection, place.message, checked.surplus,
                              checked.surplus == 1 ? "" : "s", hex(received.last(checked.surplus)));
  } else {
    const Mismatch mismatch = examine_mismatch(connection.due(), received, connections);
    faults.mismatches += mismatch.bytes;
    faults.swapped += mismatch.swapped;
    description = mismatch.description;
  }
  if (faults.first_mismatch.empty()) faults.first_mismatch = description;
}

void note_early_close(Faults& faults, const Connection& connection, const std::string& how) {
  ++faults.early_closes;
  if (!faults.first_early_close.empty()) return;
  faults.first_early_close = fmt::format("connection {} ({}, {} of its requests unanswered)",
                                         connection.number(), how, connection.in_flight());
}

void note_connect_failure(Faults& faults, const std::system_error& error) {
  ++faults.connect_failures;
  if (!faults.first_connect_failure.empty()) return;
  faults.first_connect_failure = error.what();
  if (error.code() == std::errc::connection_refused) {
    faults.first_connect_failure += ": is the server running?";
  }
}

}  // namespace echolab::loadgen
