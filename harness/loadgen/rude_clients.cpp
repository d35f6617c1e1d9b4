#include "harness/loadgen/rude_clients.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "common/system_error.h"
#include "harness/loadgen/connection_faults.h"

namespace echolab::loadgen {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kMostUnreadBytes = 16 * 1024 * 1024;
constexpr Duration kTick = std::chrono::milliseconds(10);

// Whether the server has closed or reset a connection, read or unread (poll(2)).
bool has_ended(int fd) {
  pollfd watched{fd, POLLRDHUP, 0};
  return ::poll(&watched, 1, 0) > 0;
}

}  // namespace

RudeClients::RudeClients(const Workload& workload, Target& target)
    : workload_(workload), target_(target), buffer_(kPieceBytes), began_(Clock::now()) {
  if (!workload.has_rude_clients()) return;
  connect_all();
  thread_ = std::thread([this] { misbehave(); });
}

RudeClients::~RudeClients() {
  stop();
}

void RudeClients::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

RudeTally RudeClients::end(Faults& faults) {
  stop();
  faults.merge(faults_);
  for (const SlowReader& reader : slow_readers_) {
    if (reader.socket && has_ended(reader.socket.get())) ++tally_.slow_readers_cut;
  }
  for (const Connection& dribbler : dribblers_) {
    const bool open = dribbler.state() == Connection::State::kOpen;
    if (open && has_ended(dribbler.fd())) ++tally_.dribblers_cut;
  }
  slow_readers_.clear();
  dribblers_.clear();
  return tally_;
}

// One whom the server does not even let in counts as cut.
void RudeClients::connect_all() {
  for (unsigned i = 0; i < workload_.slow_readers; ++i) {
    try {
      slow_readers_.push_back({target_.start_connect()});
    } catch (const std::system_error&) {
      ++tally_.slow_readers_cut;
    }
  }
  for (unsigned i = 0; i < workload_.dribble; ++i) {
    try {
      dribblers_.emplace_back(workload_.clients + i, workload_.bytes, 1).open(target_);
    } catch (const std::system_error&) {
      dribblers_.pop_back();
      ++tally_.dribblers_cut;
    }
  }
}

void RudeClients::misbehave() {
  Clock::time_point next_tick = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    for (SlowReader& reader : slow_readers_) fill(reader);
    for (Connection& dribbler : dribblers_) dribble(dribbler);
    const Clock::time_point now = Clock::now();
    reset_what_is_due(now);
    next_tick = std::max(next_tick + kTick, now);
    lock.lock();
    stopped_.wait_until(lock, next_tick, [this] { return stopping_; });
  }
}

void RudeClients::fill(SlowReader& reader) {
  while (reader.socket && reader.sent < kMostUnreadBytes) {
    const ssize_t taken =
        ::send(reader.socket.get(), buffer_.data(), buffer_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && would_block(errno)) return;
    if (taken < 0) {
      ++tally_.slow_readers_cut;
      reader.socket.reset();
      return;
    }
    reader.sent += static_cast<std::size_t>(taken);
  }
}

void RudeClients::dribble(Connection& dribbler) {
  if (dribbler.state() != Connection::State::kOpen) return;
  try {
    receive(dribbler);
    if (dribbler.state() != Connection::State::kOpen) return;
    if (dribbler.in_flight() == 0) dribbler.issue(Clock::now());
    const bool whole = dribbler.send(std::span(buffer_).first(1));
    static_cast<void>(whole);
  } catch (const std::system_error&) {
    ++tally_.dribblers_cut;
    dribbler.close(Connection::State::kRetired);
  }
}

void RudeClients::receive(Connection& dribbler) {
  const auto received = dribbler.receive(buffer_);
  if (!received) return;
  if (received->empty()) throw system_error("recv", ECONNRESET);
  const Connection::Checked checked = dribbler.check(*received);
  for (std::size_t i = 0; i < checked.answers; ++i) dribbler.take_oldest_request();
  tally_.dribbled_echoes += checked.answers;
  if (checked.intact && checked.surplus == 0) return;
  note_wrong_bytes(faults_, dribbler, *received, checked, workload_.clients + workload_.dribble);
  dribbler.close(Connection::State::kRetired);
}

void RudeClients::reset_what_is_due(Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const auto due = static_cast<std::uint64_t>(seconds * workload_.resets_per_second);
  for (; resets_tried_ < due; ++resets_tried_) reset_one();
}

void RudeClients::reset_one() {
  try {
    const UniqueFd socket = target_.start_connect();
    const std::size_t size = std::min(workload_.bytes, buffer_.size());
    if (::send(socket.get(), buffer_.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
    const linger at_once{1, 0};  // socket(7): close then discards what is unsent, and resets
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0) return;
    ++tally_.resets;
  } catch (const std::system_error&) {
    return;  // the server, or this host, takes no more connections
  }
}

}  // namespace echolab::loadgen
