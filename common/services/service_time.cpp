#include "common/services/service_time.h"

#include <algorithm>
#include <ctime>
#include <thread>

#include "common/shutdown.h"

namespace echolab {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// clock_gettime(2): what this thread alone has computed, however busy the machine.
nanoseconds cpu_time_of_thread() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

void sleep_for(nanoseconds time) {
  const auto ends = steady_clock::now() + time;
  for (nanoseconds left = time; left.count() > 0 && !Shutdown::requested();
       left = ends - steady_clock::now()) {
    std::this_thread::sleep_for(std::min<nanoseconds>(left, Shutdown::kPause));
  }
}

void compute_for(nanoseconds time) {
  const nanoseconds ends = cpu_time_of_thread() + time;
  while (cpu_time_of_thread() < ends && !Shutdown::requested()) {
  }
}

}  // namespace

void ServiceTime::pass_slowly() const {
  work_ == ServiceWork::kSleep ? sleep_for(time_) : compute_for(time_);
}

}  // namespace echolab
