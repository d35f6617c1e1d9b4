#include "02_threads/gui/thread_conversation.h"

#include <sys/eventfd.h>
#include <sys/poll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "02_threads/gui/line_connection.h"
#include "common/system_error.h"

namespace echolab {
namespace {

// How many events may wait for a window. While they do, the thread does not receive, and TCP tells
// the server to wait, too: the memory that a flood can take is bounded.
constexpr std::size_t kMaxEvents = 256;

// eventfd(2): a number that the kernel keeps. The descriptor is readable while it is not 0, so that
// what was put into a mailbox before anybody waits is not missed.
UniqueFd make_bell() {
  UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell) throw system_error("eventfd");
  return bell;
}

}  // namespace

ThreadConversation::ThreadConversation(const Destination& server, ConversationListener& listener,
                                       WakeWindow wake_window)
    : server_(server),
      listener_(listener),
      wake_window_(std::move(wake_window)),
      bell_(make_bell()),
      thread_([this] { run(); }) {}

ThreadConversation::~ThreadConversation() {
  stop_.give();
  thread_.join();
}

void ThreadConversation::send(const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  ::eventfd_write(bell_.get(), 1);
}

void ThreadConversation::deliver() {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  ::eventfd_write(bell_.get(), 1);  // the thread may be waiting for room
  for (const Event& event : events) {
    if (const auto* line = std::get_if<std::string>(&event)) {
      listener_.on_line(*line);
    } else if (const auto* failure = std::get_if<Failure>(&event)) {
      listener_.on_ended(*failure);
    } else {
      listener_.on_connected();
    }
  }
}

void ThreadConversation::run() {
  try {
    converse();
    put_events({closed_by_server()});
  } catch (const Interrupted&) {
    // The window does not want to know any more.
  } catch (const Failure& failure) {
    put_events({failure});
  } catch (const std::exception& error) {
    put_events({Failure("ERROR", error.what())});
  }
}

// Until the server ends the stream. Throws Failure, and Interrupted once stop_ is readable.
void ThreadConversation::converse() {
  LineConnection server(connect_with_timeout(server_, stop_.fd()));
  put_events({Connected{}});
  bool stopping = false;
  while (!server.at_end()) {
    for (const std::string& line : take_lines()) server.send(line);
    server.on_writable();  // there is room nearly always: it spares a turn of the loop
    if (stopping) throw Interrupted();
    const int input = window_lags() ? 0 : POLLIN;
    const int output = server.wants_output() ? POLLOUT : 0;
    std::array<pollfd, 3> watched{{{stop_.fd(), POLLIN, 0},
                                   {bell_.get(), POLLIN, 0},
                                   {server.fd(), static_cast<short>(input | output), 0}}};
    // poll(2): sleeps until the server or the window has something. It reports errors unasked.
    if (::poll(watched.data(), watched.size(), -1) < 0) {
      if (errno != EINTR) throw system_error("poll");
      continue;
    }
    stopping = watched[0].revents != 0;
    if ((watched[2].revents & ~POLLOUT) != 0) {
      const std::vector<std::string> lines = server.on_readable();
      put_events({lines.begin(), lines.end()});
    }
  }
}

std::vector<std::string> ThreadConversation::take_lines() {
  // The counter first: a line that comes between the two is taken now, and costs an empty turn.
  eventfd_t count = 0;
  ::eventfd_read(bell_.get(), &count);
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

void ThreadConversation::put_events(std::vector<Event> events) {
  if (events.empty()) return;
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = events_.empty();
    events_.insert(events_.end(), std::make_move_iterator(events.begin()),
                   std::make_move_iterator(events.end()));
  }
  // A window that has mail already has been woken: a loop has room for so many calls only.
  if (was_empty) wake_window_();
}

bool ThreadConversation::window_lags() {
  const std::lock_guard lock(mutex_);
  return events_.size() >= kMaxEvents;
}

}  // namespace echolab
