#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/loadgen/tally.h"
#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// Why the figures of a run are worth nothing: a sentence for each reason, none when they are good.
[[nodiscard]] std::vector<std::string> void_reasons(const Workload& workload,
                                                    const std::string& target, const Tally& tally);

/// Why the figures of an open loop would be the generator's more than the server's: it noticed too
/// late what was due. Nothing when it was on time.
///
/// With a free processor, 99 % of the requests are noticed within 50 to 100 microseconds: that is
/// what a timer and a wake-up cost. So lateness is judged from 250 microseconds on, and as a part
/// of what is reported: it voids the run when it is more than a tenth of the p99. Next to a server
/// that stops for 200 ms, a generator that is 5 ms late is precise enough.
[[nodiscard]] std::optional<std::string> lateness_reason(const Tally& tally);

}  // namespace echolab::loadgen
