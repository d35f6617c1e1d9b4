#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "harness/loadgen/run.h"

namespace echolab::loadgen {

/// A few lines for people, units and remedies included.
[[nodiscard]] std::string text_report(const Result& result);

/// One object for machines; docs/load-generator.md describes its fields.
[[nodiscard]] nlohmann::ordered_json json_report(const Result& result);

/// The percentile distribution that the HdrHistogram plotters read; values in microseconds.
[[nodiscard]] std::string hgrm_report(const Histogram& latency);

}  // namespace echolab::loadgen
