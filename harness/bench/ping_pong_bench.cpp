// The floor under every echo server: ping_pong/cores:1/bytes:64. Two processes and one TCP
// connection; each blocks in recv until the other has sent. No server can spend less on an echo
// that comes alone than a recv that waits and a send. server_cpu_us is what the answering process
// spends, in microseconds. On two cores the time is that of waking a processor; on one, that of the
// calls.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <vector>

#include <benchmark/benchmark.h>

#include "common/system_error.h"
#include "common/unique_fd.h"
#include "harness/bench/process_tree.h"

namespace echolab::bench {
namespace {

void check(int result, const char* call) {
  if (result < 0) throw system_error(call);
}

UniqueFd tcp_socket() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(fd.get(), "socket");
  const int on = 1;
  check(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  return fd;
}

struct Connection {
  UniqueFd client;
  UniqueFd server;
};

Connection connect_to_self() {
  const UniqueFd listener = tcp_socket();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener.get(), generic, length), "bind");
  check(::listen(listener.get(), 1), "listen");
  check(::getsockname(listener.get(), generic, &length), "getsockname");
  Connection connection{tcp_socket(), UniqueFd()};
  check(::connect(connection.client.get(), generic, length), "connect");
  connection.server = UniqueFd(::accept(listener.get(), nullptr, nullptr));
  check(connection.server.get(), "accept");
  return connection;
}

std::vector<int> processors(const cpu_set_t& allowed) {
  std::vector<int> found;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed)) found.push_back(processor);
  }
  return found;
}

void stay_on(int processor) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  check(::sched_setaffinity(0, sizeof only, &only), "sched_setaffinity");
}

// Lets this process run where it might before, at the end of a benchmark.
class Affinity {
 public:
  Affinity() { check(::sched_getaffinity(0, sizeof allowed_, &allowed_), "sched_getaffinity"); }
  ~Affinity() { ::sched_setaffinity(0, sizeof allowed_, &allowed_); }
  Affinity(const Affinity&) = delete;
  Affinity& operator=(const Affinity&) = delete;

  [[nodiscard]] std::vector<int> processors() const { return bench::processors(allowed_); }

 private:
  cpu_set_t allowed_{};
};

bool exchange(int fd, std::vector<char>& message) {
  const auto size = static_cast<ssize_t>(message.size());
  return ::send(fd, message.data(), message.size(), MSG_NOSIGNAL) == size &&
         ::recv(fd, message.data(), message.size(), MSG_WAITALL) == size;
}

[[noreturn]] void answer(int fd, int processor, std::vector<char>& message) {
  stay_on(processor);
  const auto size = static_cast<ssize_t>(message.size());
  while (::recv(fd, message.data(), message.size(), MSG_WAITALL) == size) {
    if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) != size) break;
  }
  ::_exit(0);
}

// The answering process; it ends with its connection, or at the latest with this object.
class Answerer {
 public:
  Answerer(Connection& connection, int processor, std::vector<char>& message) : id_(::fork()) {
    check(id_, "fork");
    if (id_ == 0) {
      connection.client.reset();
      answer(connection.server.get(), processor, message);
    }
    connection.server.reset();
  }
  ~Answerer() {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  [[nodiscard]] double cpu_seconds() const { return process_tree_cpu_seconds(id_); }

 private:
  pid_t id_;
};

void play(benchmark::State& state) {
  const Affinity affinity;
  const std::vector<int> processors = affinity.processors();
  const auto cores = static_cast<std::size_t>(state.range(0));
  if (processors.size() < cores) return state.SkipWithError("this machine has one processor");
  std::vector<char> message(static_cast<std::size_t>(state.range(1)), 'x');
  Connection connection = connect_to_self();
  const Answerer answerer(connection, processors[cores - 1], message);
  stay_on(processors.front());
  exchange(connection.client.get(), message);  // the first one waits for the fork
  const double before = answerer.cpu_seconds();
  for ([[maybe_unused]] auto _ : state) {
    if (!exchange(connection.client.get(), message)) return state.SkipWithError("no answer");
  }
  state.counters["server_cpu_us"] =
      (answerer.cpu_seconds() - before) * 1e6 / static_cast<double>(state.iterations());
}

void ping_pong(benchmark::State& state) {
  try {
    play(state);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

BENCHMARK(ping_pong)
    ->ArgNames({"cores", "bytes"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace echolab::bench
