#include "common/shutdown.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "common/system_error.h"

namespace echolab {
namespace {

constexpr int kFromWithin = 0x6563686f;  // the value of a signal by Shutdown::request()

// What the handlers touch. Lock-free atomics and the calls below are all that signal-safety(7)
// allows them.
std::atomic<long> requested_at{0};  // CLOCK_MONOTONIC, nanoseconds; 0: not yet
std::atomic<int> first_signal{0};
std::atomic<pid_t> owner{0};  // the process that installed the handlers
std::atomic<int> wakeup_fd{-1};
std::atomic<pid_t> wakeup_owner{0};  // the process that waits for it: fork(2) copies it as well
std::atomic<int> blocking_client{-1};
static_assert(std::atomic<long>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

long monotonic_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

void wake_up() {
  const std::uint64_t one = 1;  // eventfd(2) takes eight bytes
  [[maybe_unused]] const ssize_t written = ::write(wakeup_fd, &one, sizeof one);
}

void end_blocking_client() {
  if (const int client = blocking_client; client >= 0) {
    ::shutdown(client, SHUT_RD);
    ::alarm(static_cast<unsigned>(Shutdown::kGrace.count()));
  }
}

// timeout(1), among others, signals the process and then its group: that is one signal, not two.
bool is_echo_of_first(int signal) {
  constexpr long kOneMoment = 100'000'000;  // nanoseconds: shorter than two presses of Ctrl-C
  return signal == first_signal && monotonic_nanoseconds() - requested_at < kOneMoment;
}

void take_default_action(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

bool is_from_within(const siginfo_t& info) {
  return info.si_code == SI_QUEUE && info.si_value.sival_int == kFromWithin;
}

void on_stop_signal(int signal, siginfo_t* info, void* /*context*/) {
  // A terminal sends Ctrl-C to parent and children alike. A child leaves it to its parent, which
  // sends it a SIGTERM; nor does it write to the eventfd, if that is still the parent's.
  const bool is_owner = ::getpid() == owner;
  if (signal == SIGINT && !is_owner) return;

  if (requested_at != 0) {
    // A child may get one signal from its parent and one with its whole group: it goes on to
    // deliver what it owes, and dies when its parent dies.
    const bool is_second = !is_echo_of_first(signal) && !is_from_within(*info);
    if (is_owner && is_second) take_default_action(signal);
    return;
  }
  const int interrupted_errno = errno;
  first_signal = signal;
  requested_at = monotonic_nanoseconds();
  if (::getpid() == wakeup_owner) wake_up();
  end_blocking_client();
  errno = interrupted_errno;
}

void on_grace_over(int /*signal*/, siginfo_t* /*info*/, void* /*context*/) {
  const int interrupted_errno = errno;
  if (const int client = blocking_client; client >= 0) ::shutdown(client, SHUT_RDWR);
  errno = interrupted_errno;
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  // No handler is interrupted by the other stop signal: it would find its work half done.
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  if (::sigaction(signal, &action, nullptr) < 0) throw system_error("sigaction");
}

UniqueFd make_wakeup() {
  UniqueFd wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wakeup) throw system_error("eventfd");
  return wakeup;
}

}  // namespace

Shutdown::Shutdown() : wakeup_(make_wakeup()) {
  wakeup_fd = wakeup_.get();
  owner = ::getpid();
  wakeup_owner = ::getpid();
  handle(SIGALRM, on_grace_over);
  handle(SIGINT, on_stop_signal);
  handle(SIGTERM, on_stop_signal);
}

bool Shutdown::requested() {
  return requested_at != 0;
}

bool Shutdown::grace_over() {
  return requested() &&
         monotonic_nanoseconds() - requested_at >= std::chrono::nanoseconds(kGrace).count();
}

void Shutdown::request() {
  // sigqueue(3): by the value the handler knows where the signal comes from.
  sigval value{};
  value.sival_int = kFromWithin;
  ::sigqueue(owner, SIGTERM, value);
}

void Shutdown::continue_in_child() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before it was asked to be reported.
  if (::getppid() != owner) ::_exit(EXIT_FAILURE);
}

void Shutdown::continue_in_worker() {
  continue_in_child();
  wakeup_.reset();  // first, so that the new descriptor takes its number
  wakeup_ = make_wakeup();
  wakeup_fd = wakeup_.get();
  wakeup_owner = ::getpid();
  // The signal may have come before it could make the new descriptor readable.
  if (requested_at != 0) wake_up();
}

EndsOnShutdown::EndsOnShutdown(const UniqueFd& client) {
  blocking_client = client.get();
  // The handler may have run before it could see this client.
  if (requested_at != 0) end_blocking_client();
}

EndsOnShutdown::~EndsOnShutdown() {
  blocking_client = -1;
}

}  // namespace echolab
