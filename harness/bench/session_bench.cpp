#include <cstddef>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include "common/services/services.h"

namespace echolab {
namespace {

/// What one echo costs a server besides the system calls: bytes in, bytes out.
void echo(benchmark::State& state) {
  const std::vector<std::byte> message(static_cast<std::size_t>(state.range(0)), std::byte{'x'});
  const auto session = make_session({});
  for ([[maybe_unused]] auto _ : state) {
    session->receive(message);
    benchmark::DoNotOptimize(session->output().data());
    session->sent(session->output().size());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(echo)
    ->Name("BM_SessionEcho")
    ->ArgName("bytes")
    ->Arg(1)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(Session::kMaxReceive);

/// The same for a client that reads slowly: half of the output leaves at a time, so that the rest
/// is moved when more comes.
void echo_with_short_sends(benchmark::State& state) {
  const std::vector<std::byte> message(static_cast<std::size_t>(state.range(0)), std::byte{'x'});
  const auto session = make_session({});
  for ([[maybe_unused]] auto _ : state) {
    session->receive(message);
    session->sent((session->output().size() + 1) / 2);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(echo_with_short_sends)
    ->Name("BM_SessionEchoWithShortSends")
    ->ArgName("bytes")
    ->Arg(64)
    ->Arg(1024);

/// What a newcomer costs, without its socket.
void create(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(make_session({}));
}
BENCHMARK(create)->Name("BM_SessionCreation");

}  // namespace
}  // namespace echolab
