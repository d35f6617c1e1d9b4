#pragma once

#include <chrono>

#include "common/services/service_options.h"

namespace echolab {

/// What a message costs beyond its transport: --service-time, the knob by which models differ. An
/// event loop that sleeps here stalls all its clients; a thread stalls its own.
class ServiceTime {
 public:
  explicit ServiceTime(const ServiceOptions& options) : time_(options.time), work_(options.work) {}

  /// Lets the time pass. It is cut short by a shutdown: nobody waits for work that is for show.
  void pass() const {
    if (time_.count() != 0) pass_slowly();
  }

 private:
  void pass_slowly() const;

  std::chrono::microseconds time_;
  ServiceWork work_;
};

}  // namespace echolab
