#include "02_threads/end_sign.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>

#include "01_iterative/client/failure.h"
#include "common/system_error.h"

namespace echolab {

// eventfd(2): a number in the kernel, and readable unless it is 0.
EndSign::EndSign() : given_(::eventfd(0, EFD_CLOEXEC)) {
  if (!given_) throw system_error("eventfd");
}

void EndSign::give() const {
  ::eventfd_write(given_.get(), 1);
}

bool wait_for_either(int fd, const EndSign& sign, Clock::time_point deadline, int interrupt) {
  for (;;) {
    std::array<pollfd, 3> watched{
        {{interrupt, POLLIN, 0}, {sign.fd(), POLLIN, 0}, {fd, POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), milliseconds_until(deadline));
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    if (ready < 0) continue;
    if (watched[0].revents != 0) throw Interrupted();
    if (watched[1].revents != 0) return false;
    if (ready > 0 || Clock::now() >= deadline) return true;
  }
}

}  // namespace echolab
