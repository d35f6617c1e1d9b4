#pragma once

#include <string>
#include <vector>

#include "harness/loadgen/tally.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// Why the figures of a run are worth nothing: a sentence for each reason, none when they are good.
[[nodiscard]] std::vector<std::string> void_reasons(const Workload& workload,
                                                    const std::string& target, const Tally& tally);

}  // namespace echolab::loadgen
