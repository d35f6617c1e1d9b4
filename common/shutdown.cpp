#include "common/shutdown.h"

#include <linux/sockios.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include "common/system_error.h"

namespace echolab {
namespace {

// What the handlers touch. Lock-free atomics and the calls below are all that signal-safety(7)
// allows them.
std::atomic<long> requested_at{0};  // CLOCK_MONOTONIC, nanoseconds; 0: not yet
std::atomic<int> first_signal{0};
std::atomic<pid_t> owner{0};  // the process that installed the handlers
std::atomic<int> wakeup_fd{-1};
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

void on_stop_signal(int signal) {
  // A terminal sends Ctrl-C to parent and children alike. A child leaves it to its parent, which
  // sends it a SIGTERM; nor does it write to the eventfd, which fork shares between the two.
  const bool is_owner = ::getpid() == owner;
  if (signal == SIGINT && !is_owner) return;

  if (requested_at != 0) {
    // A child may get one signal from its parent and one with its whole group: it goes on to
    // deliver what it owes, and dies when its parent dies.
    if (is_owner && !is_echo_of_first(signal)) take_default_action(signal);
    return;
  }
  const int interrupted_errno = errno;
  first_signal = signal;
  requested_at = monotonic_nanoseconds();
  if (is_owner) wake_up();
  end_blocking_client();
  errno = interrupted_errno;
}

void on_grace_over(int /*signal*/) {
  const int interrupted_errno = errno;
  if (const int client = blocking_client; client >= 0) ::shutdown(client, SHUT_RDWR);
  errno = interrupted_errno;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  // No handler is interrupted by the other stop signal: it would find its work half done.
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  action.sa_flags = SA_RESTART;
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

bool Shutdown::has_delivered(int client) {
  std::array<char, 4096> unwanted;
  while (::recv(client, unwanted.data(), unwanted.size(), MSG_DONTWAIT) > 0 && !grace_over()) {
  }
  int unacknowledged = 0;
  return ::ioctl(client, SIOCOUTQ, &unacknowledged) < 0 || unacknowledged == 0;
}

void Shutdown::continue_in_child() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before it was asked to be reported.
  if (::getppid() != owner) ::_exit(EXIT_FAILURE);
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
