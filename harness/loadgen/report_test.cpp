#include "harness/loadgen/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/loadgen/expect_contains.h"

namespace echolab::loadgen {
namespace {

Result measured() {
  Result result;
  result.target = "127.0.0.1:7007";
  result.seconds = 2;
  result.client_cpu_seconds = 0.5;
  result.tally.echoes = 1000;
  result.tally.total_echoes = 1251;
  result.driven_echoes = 1250;
  result.tally.served = 1;
  result.tally.latency.record(20'000);
  return result;
}

// The columns and levels of the published outputPercentileDistribution, five ticks a half. Values
// end their buckets: 25000 >> 4 = 1562, and (1563 << 4) - 1 = 25007. The mean is that of the
// buckets' middles, 25000, 50000 and 74976.
TEST(HgrmReport, is_the_published_format) {
  Histogram latency;
  for (const std::uint64_t value : {25, 50, 75}) latency.record(value * 1000);
  EXPECT_EQ(hgrm_report(latency),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n"
            "\n"
            "      25.007 0.000000000000          1           1.00\n"
            "      25.007 0.100000000000          1           1.11\n"
            "      25.007 0.200000000000          1           1.25\n"
            "      25.007 0.300000000000          1           1.43\n"
            "      50.015 0.400000000000          2           1.67\n"
            "      50.015 0.500000000000          2           2.00\n"
            "      50.015 0.550000000000          2           2.22\n"
            "      50.015 0.600000000000          2           2.50\n"
            "      50.015 0.650000000000          2           2.86\n"
            "      75.007 0.700000000000          3           3.33\n"
            "      75.007 1.000000000000          3\n"
            "#[Mean    =       49.992, StdDeviation   =       20.403]\n"
            "#[Max     =       75.007, Total count    =            3]\n"
            "#[Buckets =           32, SubBuckets     =         2048]\n");
}

Result measured_in_open_loop() {
  Result result = measured();
  result.workload.rate = 500;
  OpenLoopTally& open = result.tally.open_loop.emplace();
  open.offered = 1000;
  open.owed = 3;
  open.latency_from_send.record(15'000);
  open.schedule_lag.record(2'000);
  return result;
}

TEST(HgrmReport, of_nothing_is_header_and_footer) {
  EXPECT_CONTAINS(hgrm_report(Histogram()), "Total count    =            0]");
}

TEST(JsonReport, holds_rates_and_latencies) {
  const auto json = json_report(measured());
  EXPECT_EQ(json["echoes_per_second"], 500);
  EXPECT_EQ(json["client_cpu_seconds_per_million_echoes"], 400);
  EXPECT_EQ(json["p50_us"], 20.015);
  EXPECT_EQ(json["max_us"], 20.015);
  EXPECT_EQ(json["void"], false);
  EXPECT_TRUE(json["first_mismatch"].is_null());
}

TEST(JsonReport, has_null_for_what_was_not_measured) {
  const auto json = json_report(Result());
  for (const char* name : {"mean_us", "p50_us", "p90_us", "p99_us", "p999_us", "max_us",
                           "effective_concurrency", "first_mismatch"}) {
    EXPECT_TRUE(json.at(name).is_null()) << name;
  }
  EXPECT_EQ(json.at("latency_percentiles").size(), 0U);
}

TEST(JsonReport, has_null_for_what_only_an_open_loop_measures) {
  const auto json = json_report(measured());
  for (const char* name :
       {"from_send_mean_us", "from_send_p50_us", "from_send_p90_us", "from_send_p99_us",
        "from_send_p999_us", "from_send_max_us", "offered", "owed", "schedule_lag_p99_us",
        "schedule_lag_max_us", "coordinated_omission_p99_us"}) {
    EXPECT_TRUE(json.at(name).is_null()) << name;
  }
  EXPECT_TRUE(json["workload"]["rate"].is_null());
}

TEST(JsonReport, holds_both_latencies_of_an_open_loop_and_their_gap) {
  const auto json = json_report(measured_in_open_loop());
  EXPECT_EQ(json["p99_us"], 20.015);
  EXPECT_EQ(json["from_send_p99_us"], 15.007);
  EXPECT_DOUBLE_EQ(json["coordinated_omission_p99_us"], 20.015 - 15.007);
  EXPECT_EQ(json["offered"], 1000);
  EXPECT_EQ(json["owed"], 3);
  EXPECT_EQ(json["schedule_lag_max_us"], 2.0);
  EXPECT_EQ(json["workload"]["rate"], 500);
  EXPECT_EQ(json["workload"]["arrivals"], "uniform");
  EXPECT_EQ(json["workload"]["seed"], 1);
}

TEST(JsonReport, holds_the_distribution) {
  const auto json = json_report(measured())["latency_percentiles"];
  EXPECT_EQ(json.dump(), "[[0.0,20.015],[100.0,20.015]]");
}

TEST(JsonReport, tells_a_run_by_time_from_one_by_number) {
  Result result = measured();
  EXPECT_EQ(json_report(result)["workload"]["duration_seconds"], 1);
  EXPECT_TRUE(json_report(result)["workload"]["requests"].is_null());
  result.workload.requests = 10;
  EXPECT_TRUE(json_report(result)["workload"]["duration_seconds"].is_null());
  EXPECT_EQ(json_report(result)["workload"]["requests"], 10);
}

TEST(JsonReport, holds_the_reasons_why_a_run_is_void) {
  Result result = measured();
  result.tally.faults.first_mismatch = "here";
  result.void_reasons = {"because"};
  EXPECT_EQ(json_report(result)["void"], true);
  EXPECT_EQ(json_report(result)["void_reasons"], (std::vector<std::string>{"because"}));
  EXPECT_EQ(json_report(result)["first_mismatch"], "here");
}

TEST(TextReport, gives_the_remedy_when_the_client_is_the_limit) {
  Result result = measured();
  result.tally.busy = 0.95;
  EXPECT_CONTAINS(text_report(result), "--threads 2");
  result.tally.busy = 0.85;
  EXPECT_LACKS(text_report(result), "--threads");
}

TEST(TextReport, says_that_a_closed_loop_is_blind_to_stalls) {
  EXPECT_CONTAINS(text_report(measured()), "blind to stalls");
  EXPECT_LACKS(text_report(measured_in_open_loop()), "blind to stalls");
}

TEST(TextReport, names_the_gap_of_an_open_loop_and_what_is_owed) {
  const std::string text = text_report(measured_in_open_loop());
  EXPECT_CONTAINS(text, "500 requests/s at equal intervals");
  EXPECT_CONTAINS(text, "gap at p99   5.0 us: coordinated omission");
  EXPECT_CONTAINS(text, "1000 due, 3 owed at the end");
  EXPECT_CONTAINS(text, "lower bounds");
}

TEST(TextReport, says_what_became_of_the_rude_clients) {
  Result result = measured();
  result.workload.slow_readers = 2;
  result.workload.dribble = 1;
  result.rude = RudeTally{.slow_readers_cut = 2, .dribbled_echoes = 1};
  EXPECT_CONTAINS(text_report(result),
                  "2 slow readers (2 cut by the server), 1 dribbler (0 cut, 1 echo verified)\n");
  EXPECT_EQ(json_report(result)["slow_readers_cut"], 2);
}

TEST(TextReport, says_that_a_run_is_void_instead_of_verified) {
  Result result = measured();
  EXPECT_CONTAINS(text_report(result), "verified");
  result.void_reasons = {"because"};
  EXPECT_CONTAINS(text_report(result), "VOID         because");
  EXPECT_LACKS(text_report(result), "verified");
}

}  // namespace
}  // namespace echolab::loadgen
