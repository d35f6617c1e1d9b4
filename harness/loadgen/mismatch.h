#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/loadgen/payload.h"

namespace echolab::loadgen {

/// What is wrong with bytes that differ from those expected.
struct Mismatch {
  std::size_t bytes = 0;    ///< How many differ.
  std::size_t swapped = 0;  ///< How many, in whole words, belong to another connection.
  std::string description;  ///< Where the first one is, what it should be, whose it seems to be.
};

/// Compares `got` with the bytes at the cursor of `expected`, where they are known to differ.
/// `connections` is the number of connections in the run: no word belongs to a later one.
[[nodiscard]] Mismatch examine_mismatch(const PayloadStream& expected,
                                        std::span<const std::byte> got, unsigned connections);

/// "9f 3a 00", and dots where more than 16 bytes are cut.
[[nodiscard]] std::string hex(std::span<const std::byte> bytes);

}  // namespace echolab::loadgen
