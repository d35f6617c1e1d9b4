#include "01_iterative/client/wait_until_ready.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "01_iterative/client/failure.h"
#include "common/system_error.h"

namespace echolab {

bool wait_until_ready(int fd, short events, Clock::time_point deadline, int interrupt) {
  for (;;) {
    std::array<pollfd, 2> watched{{{interrupt, POLLIN, 0}, {fd, events, 0}}};
    // poll(2) ignores negative descriptors, and reports errors unasked.
    const int ready = ::poll(watched.data(), watched.size(), milliseconds_until(deadline));
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    if (ready > 0 && watched[0].revents != 0) throw Interrupted();
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
  }
}

int milliseconds_until(Clock::time_point deadline) {
  if (deadline == kForever) return -1;
  // Rounded up: rounded down, the last fraction of a millisecond would be spent turning in circles.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace echolab
