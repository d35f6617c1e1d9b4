#include "01_iterative/client/interrupt.h"

#include <sys/signalfd.h>

#include <csignal>

#include "common/system_error.h"

namespace echolab {

Interrupt::Interrupt() {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGINT);
  sigaddset(&stop_signals, SIGTERM);
  // sigprocmask(2): a blocked signal waits, and signalfd shows that it does.
  if (::sigprocmask(SIG_BLOCK, &stop_signals, nullptr) < 0) throw system_error("sigprocmask");
  signals_.reset(::signalfd(-1, &stop_signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) throw system_error("signalfd");
}

}  // namespace echolab
