#pragma once

#include "harness/loadgen/workload.h"

namespace echolab::loadgen {

/// When to measure: what happens before `start` is warm-up, and after `end` nothing new is asked.
struct Window {
  Clock::time_point begin = Clock::time_point::max();  ///< Of the warm-up.
  Clock::time_point start = Clock::time_point::max();
  Clock::time_point end = Clock::time_point::max();

  [[nodiscard]] bool contains(Clock::time_point moment) const {
    return start <= moment && moment < end;
  }
};

}  // namespace echolab::loadgen
