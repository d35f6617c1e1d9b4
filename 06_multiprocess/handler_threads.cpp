#include "06_multiprocess/handler_threads.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {

// eventfd(2): a number in the kernel, readable while it is not 0.
HandlerThreads::HandlerThreads() : exits_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!exits_) throw system_error("eventfd");
}

void HandlerThreads::add(std::jthread thread) {
  const std::thread::id id = thread.get_id();
  threads_.emplace(id, std::move(thread));
}

void HandlerThreads::reap() {
  eventfd_t reported = 0;
  ::eventfd_read(exits_.get(), &reported);
  std::vector<std::thread::id> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  // A std::jthread is joined where it is destroyed.
  for (const std::thread::id id : ended) threads_.erase(id);
}

void HandlerThreads::finish() {
  using Clock = std::chrono::steady_clock;
  const auto grace_ends = Clock::now() + Shutdown::kGrace;
  input_ends_.request_stop();
  while (reap(), !threads_.empty() && Clock::now() < grace_ends) {
    pollfd exit{exits_.get(), POLLIN, 0};
    ::poll(&exit, 1, 100);  // milliseconds: not for ever, for the sake of the grace
  }
  grace_is_over_.request_stop();
  threads_.clear();
}

void HandlerThreads::report_end() {
  {
    const std::lock_guard lock(mutex_);
    ended_.push_back(std::this_thread::get_id());
  }
  ::eventfd_write(exits_.get(), 1);
}

HandlerThreads::Handling::Handling(HandlerThreads& threads, const UniqueFd& client)
    : threads_(threads),
      ends_input_(threads.input_ends_.get_token(),
                  [&client] { ::shutdown(client.get(), SHUT_RD); }),
      ends_both_(threads.grace_is_over_.get_token(),
                 [&client] { ::shutdown(client.get(), SHUT_RDWR); }) {}

HandlerThreads::Handling::~Handling() {
  threads_.report_end();
}

}  // namespace echolab
