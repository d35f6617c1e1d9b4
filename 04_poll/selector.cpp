#include "04_poll/selector.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "common/system_error.h"
#include "common/unique_fd.h"

namespace echolab {
namespace {

/// True when a call that waits was merely interrupted. Throws if it failed.
bool interrupted(int result, const char* call) {
  if (result >= 0) return false;
  if (errno != EINTR) throw system_error(call);
  return true;
}

/// The kernel keeps the list: epoll(7).
class EpollSelector final : public Selector {
 public:
  EpollSelector() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw system_error("epoll_create1");
    ready_.reserve(reported_.size());
  }

  void register_fd(int fd, Events events) override { control(EPOLL_CTL_ADD, fd, events); }
  void modify(int fd, Events events) override { control(EPOLL_CTL_MOD, fd, events); }
  void unregister(int fd) override {
    // Fails if it was closed before. Then the entry has gone with it.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }

  std::span<const Ready> select(int timeout) override {
    ready_.clear();
    const int count =
        ::epoll_wait(epoll_.get(), reported_.data(), static_cast<int>(reported_.size()), timeout);
    if (interrupted(count, "epoll_wait")) return {};
    for (const epoll_event& entry : std::span(reported_).first(static_cast<std::size_t>(count))) {
      const Events read = (entry.events & ~std::uint32_t{EPOLLOUT}) != 0 ? kRead : 0;
      const Events write = (entry.events & ~std::uint32_t{EPOLLIN}) != 0 ? kWrite : 0;
      ready_.push_back({entry.data.fd, read | write});
    }
    return ready_;
  }

 private:
  void control(int operation, int fd, Events events) const {
    epoll_event entry{};
    if ((events & kRead) != 0) entry.events |= EPOLLIN;
    if ((events & kWrite) != 0) entry.events |= EPOLLOUT;
    entry.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), operation, fd, &entry) < 0) throw system_error("epoll_ctl");
  }

  UniqueFd epoll_;
  std::array<epoll_event, 512> reported_;
  std::vector<Ready> ready_;
};

/// The list is an array, which the kernel reads at each call: poll(2).
class PollSelector final : public Selector {
 public:
  void register_fd(int fd, Events events) override {
    // Room for everybody to be ready, while a newcomer can still be refused for want of memory.
    if (watched_.size() >= ready_.capacity()) ready_.reserve(2 * watched_.size() + 1);
    watched_.push_back({fd, to_poll(events), 0});
  }
  void modify(int fd, Events events) override { find(fd)->events = to_poll(events); }
  void unregister(int fd) override { watched_.erase(find(fd)); }

  std::span<const Ready> select(int timeout) override {
    ready_.clear();
    const int count = ::poll(watched_.data(), watched_.size(), timeout);
    if (count < 0 && errno == EINVAL && watched_.size() > limit()) return newest_lost();
    if (interrupted(count, "poll")) return {};
    for (const pollfd& entry : watched_) {
      if (entry.revents == 0) continue;
      const Events read = (entry.revents & ~POLLOUT) != 0 ? kRead : 0;
      const Events write = (entry.revents & ~POLLIN) != 0 ? kWrite : 0;
      ready_.push_back({entry.fd, read | write});
    }
    return ready_;
  }

 private:
  static short to_poll(Events events) {
    const int read = (events & kRead) != 0 ? POLLIN : 0;
    const int write = (events & kWrite) != 0 ? POLLOUT : 0;
    return static_cast<short>(read | write);
  }

  /// poll takes no more entries than there may be descriptors: getrlimit(2), RLIMIT_NOFILE. The
  /// limit may have been lowered since these were opened.
  static std::size_t limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

  std::span<const Ready> newest_lost() {
    for (std::size_t i = limit(); i < watched_.size(); ++i) {
      ready_.push_back({watched_[i].fd, kLost});
    }
    return ready_;
  }

  std::vector<pollfd>::iterator find(int fd) {
    return std::find_if(watched_.begin(), watched_.end(),
                        [fd](const pollfd& entry) { return entry.fd == fd; });
  }

  std::vector<pollfd> watched_;  // in the order of their registration
  std::vector<Ready> ready_;
};

/// The lists are sets of bits, which each call overwrites by its answer: select(2).
class SelectSelector final : public Selector {
 public:
  SelectSelector() {
    FD_ZERO(&readers_);
    FD_ZERO(&writers_);
    ready_.reserve(FD_SETSIZE);
  }

  void register_fd(int fd, Events events) override {
    if (fd >= FD_SETSIZE) {
      throw std::out_of_range("its descriptor does not fit FD_SETSIZE (1024)");
    }
    modify(fd, events);
    count_ = std::max(count_, fd + 1);
  }

  void modify(int fd, Events events) override {
    (events & kRead) != 0 ? FD_SET(fd, &readers_) : FD_CLR(fd, &readers_);
    (events & kWrite) != 0 ? FD_SET(fd, &writers_) : FD_CLR(fd, &writers_);
  }
  void unregister(int fd) override { modify(fd, 0); }

  std::span<const Ready> select(int timeout) override {
    ready_.clear();
    fd_set readable = readers_;
    fd_set writable = writers_;
    timeval limit{timeout / 1000, timeout % 1000 * 1000};
    const int count =
        ::select(count_, &readable, &writable, nullptr, timeout < 0 ? nullptr : &limit);
    if (interrupted(count, "select")) return {};
    for (int fd = 0; fd < count_; ++fd) {
      const Events read = FD_ISSET(fd, &readable) ? kRead : 0;
      const Events write = FD_ISSET(fd, &writable) ? kWrite : 0;
      if ((read | write) != 0) ready_.push_back({fd, read | write});
    }
    return ready_;
  }

 private:
  fd_set readers_;
  fd_set writers_;
  int count_ = 0;  // of the descriptors, registered or not, up to the highest one
  std::vector<Ready> ready_;
};

}  // namespace

std::unique_ptr<Selector> make_selector(std::string_view name) {
  if (name == "epoll") return std::make_unique<EpollSelector>();
  if (name == "poll") return std::make_unique<PollSelector>();
  if (name == "select") return std::make_unique<SelectSelector>();
  throw std::invalid_argument("no such selector");
}

}  // namespace echolab
