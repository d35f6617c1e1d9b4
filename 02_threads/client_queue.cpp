#include "02_threads/client_queue.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "common/system_error.h"

namespace echolab {

// eventfd(2): a number that the kernel keeps. It is readable while it is not 0; with EFD_SEMAPHORE
// each read takes 1 from it.
ClientQueue::ClientQueue(std::size_t places)
    : places_(places),
      free_places_(::eventfd(static_cast<unsigned>(places), EFD_SEMAPHORE | EFD_CLOEXEC)) {
  if (!free_places_) throw system_error("eventfd");
}

bool ClientQueue::wait_for_place(const Shutdown& shutdown) const {
  std::array<pollfd, 2> watched{{{shutdown.fd(), POLLIN, 0}, {free_places_.get(), POLLIN, 0}}};
  // poll(2): without a time-out it returns because there is an answer, or because of EINTR.
  while (::poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) throw system_error("poll");
  }
  return !shutdown.requested();
}

void ClientQueue::put(UniqueFd client) {
  {
    const std::lock_guard lock(mutex_);
    places_[(oldest_ + count_) % places_.size()] = std::move(client);
    ++count_;
  }
  // A worker for each client. To notify only when the queue was empty is the classic mistake: two
  // clients come before the first worker has woken up, and the second worker sleeps on.
  changed_.notify_one();
  eventfd_t one = 0;
  ::eventfd_read(free_places_.get(), &one);
}

UniqueFd ClientQueue::take() {
  std::unique_lock lock(mutex_);
  // A notification is not kept for those who come later: what was put while this worker was busy
  // woke nobody. So the queue is looked at before each wait, and the mutex lets nothing be put
  // between the look and the sleep. (A wait may also end for no reason: hence "predicate".)
  changed_.wait(lock, [this] { return count_ != 0 || closed_; });
  if (count_ == 0) return {};
  UniqueFd client = std::move(places_[oldest_]);
  oldest_ = (oldest_ + 1) % places_.size();
  --count_;
  lock.unlock();
  ::eventfd_write(free_places_.get(), 1);
  return client;
}

void ClientQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace echolab
