#include <nlohmann/json.hpp>

#include "harness/loadgen/figures.h"
#include "harness/loadgen/report.h"

namespace echolab::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json workload_json(const Workload& workload) {
  Json json;
  json["clients"] = workload.clients;
  json["bytes"] = workload.bytes;
  json["depth"] = workload.depth;
  json["think_us"] = in_seconds(workload.think) * 1e6;
  json["churn"] = workload.churn;
  json["idle"] = workload.idle;
  json["threads"] = workload.threads;
  json["slow_readers"] = workload.slow_readers;
  json["dribble"] = workload.dribble;
  json["resets_per_second"] = workload.resets_per_second;
  json["rate"] = nullptr;
  json["arrivals"] = nullptr;
  json["seed"] = nullptr;
  if (workload.rate) {
    json["rate"] = *workload.rate;
    json["arrivals"] = workload.arrivals == Arrivals::kUniform ? "uniform" : "poisson";
    json["seed"] = workload.seed;
  }
  json["duration_seconds"] = nullptr;
  json["requests"] = nullptr;
  if (workload.requests) {
    json["requests"] = *workload.requests;
  } else {
    json["duration_seconds"] = in_seconds(workload.duration);
  }
  json["warmup_seconds"] = in_seconds(workload.warmup);
  return json;
}

// `prefix` comes before each name.
void add_latency(Json& json, const Histogram& latency, const std::string& prefix = "") {
  const bool measured = latency.count() > 0;
  const auto add = [&](const char* name, double microseconds) {
    json[prefix + name] = measured ? Json(microseconds) : nullptr;
  };
  add("mean_us", latency.mean() / kMicrosecond);
  add("p50_us", percentile_us(latency, 50));
  add("p90_us", percentile_us(latency, 90));
  add("p99_us", percentile_us(latency, 99));
  add("p999_us", percentile_us(latency, 99.9));
  add("max_us", max_us(latency));
}

Json latency_percentiles(const Histogram& latency) {
  auto json = Json::array();
  for (const Histogram::Step& step : latency.percentile_steps()) {
    json.push_back({step.percentile, static_cast<double>(step.value) / kMicrosecond});
  }
  return json;
}

// All null in a closed loop.
void add_open_loop(Json& json, const Tally& tally) {
  const OpenLoopTally nothing;
  const OpenLoopTally& open = tally.open_loop ? *tally.open_loop : nothing;
  const auto add = [&json](const char* name, bool known, auto value) {
    json[name] = known ? Json(value) : Json(nullptr);
  };
  const bool answered = open.latency_from_send.count() > 0;
  add_latency(json, open.latency_from_send, "from_send_");
  add("coordinated_omission_p99_us", answered, answered ? coordinated_omission_us(tally) : 0);
  add("offered", tally.open_loop.has_value(), open.offered);
  add("owed", tally.open_loop.has_value(), open.owed);
  add("schedule_lag_p99_us", open.offered > 0, percentile_us(open.schedule_lag, 99));
  add("schedule_lag_max_us", open.offered > 0, max_us(open.schedule_lag));
}

void add_rude(Json& json, const RudeTally& rude) {
  json["slow_readers_cut"] = rude.slow_readers_cut;
  json["dribblers_cut"] = rude.dribblers_cut;
  json["dribbled_echoes"] = rude.dribbled_echoes;
  json["resets"] = rude.resets;
}

void add_faults(Json& json, const Faults& faults) {
  json["mismatches"] = faults.mismatches;
  json["surplus_bytes"] = faults.surplus_bytes;
  json["swapped"] = faults.swapped;
  json["early_closes"] = faults.early_closes;
  json["unanswered"] = faults.unanswered;
  json["connect_failures"] = faults.connect_failures;
}

}  // namespace

Json json_report(const Result& result) {
  const Tally& tally = result.tally;
  Json json;
  json["target"] = result.target;
  json["workload"] = workload_json(result.workload);
  json["seconds"] = result.seconds;
  json["echoes"] = tally.echoes;
  json["total_echoes"] = tally.total_echoes;
  json["driven_echoes"] = result.driven_echoes;
  json["echoes_per_second"] = result.echoes_per_second();
  add_latency(json, tally.latency);
  add_open_loop(json, tally);
  json["latency_percentiles"] = latency_percentiles(tally.latency);
  json["client_cpu_seconds"] = result.client_cpu_seconds;
  json["client_cpu_seconds_per_million_echoes"] = result.client_cpu_seconds_per_million_echoes();
  json["client_busy"] = tally.busy;
  json["client_bound"] = result.client_bound();
  json["clients_served"] = tally.served;
  json["effective_concurrency"] = nullptr;
  if (result.effective_concurrency) json["effective_concurrency"] = *result.effective_concurrency;
  add_rude(json, result.rude.value_or(RudeTally()));
  add_faults(json, tally.faults);
  json["generator_late"] = result.generator_late();
  json["void"] = !result.void_reasons.empty();
  json["void_reasons"] = result.void_reasons;
  json["first_mismatch"] = nullptr;
  if (const std::string& first = tally.faults.first_mismatch; !first.empty()) {
    json["first_mismatch"] = first;
  }
  return json;
}

}  // namespace echolab::loadgen
