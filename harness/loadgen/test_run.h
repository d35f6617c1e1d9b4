#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/loadgen/run.h"
#include "harness/loadgen/test_server.h"
#include "harness/loadgen/verdict.h"

namespace echolab::loadgen {

using namespace std::chrono_literals;

/// A short run against a server that is expected to answer, be the machine ever so busy.
inline Workload patient(const TestServer& server, unsigned clients) {
  Workload workload;
  workload.port = server.port();
  workload.clients = clients;
  workload.requests = 500;
  workload.warmup = 0s;
  workload.patience = 30s;
  return workload;
}

/// A run against a server that at some point will never answer: waiting longer changes nothing.
inline Workload impatient(const TestServer& server, unsigned clients) {
  Workload workload = patient(server, clients);
  workload.patience = 300ms;
  return workload;
}

inline Result finished(const Workload& workload) {
  const std::atomic<bool> never{false};
  return run(workload, never);
}

/// All of them, should there be more than one; empty if there is none. That the generator was late
/// says nothing here: a test's machine may be ever so busy.
inline std::string only_reason(const Result& result) {
  std::vector<std::string> reasons = result.void_reasons;
  if (const auto late = lateness_reason(result.tally)) std::erase(reasons, *late);
  return fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace echolab::loadgen
