#include "06_multiprocess/broker.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "common/log.h"
#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {
namespace {

constexpr int kMaxPacketsPerTurn = 16;

/// Receives a packet: its length; 0 at the end; -1 when there is none. A process that has died
/// without reading all that was sent to it is reported as ECONNRESET: that is an end, too.
ssize_t receive_packet(const UniqueFd& socket, std::array<char, kMaxPacket>& packet) {
  for (;;) {
    const ssize_t received = ::recv(socket.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    if (received >= 0) return received;
    if (errno == EAGAIN) return -1;
    if (errno != EINTR) return 0;
  }
}

}  // namespace

std::array<UniqueFd, 2> make_room_sockets() {
  std::array<int, 2> ends{};
  // socketpair(2): two sockets that are connected to each other. SOCK_SEQPACKET, unix(7): a stream
  // that keeps the boundaries, so that one recv returns what one send has sent.
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) {
    throw system_error("socketpair");
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void BrokerLink::say(std::string_view line) {
  if (has_finished_) return;
  // With its line end, a packet is never empty: an empty one could not be told from the end.
  const std::string packet = std::string(line) + '\n';
  // If it fails, the broker has ended the link, as take() will tell.
  while (::send(fd(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

void BrokerLink::finish_saying() {
  has_finished_ = true;
  ::shutdown(fd(), SHUT_WR);
}

std::optional<std::string> BrokerLink::take() {
  std::array<char, kMaxPacket> packet;
  std::string lines;
  for (int i = 0; i < kMaxPacketsPerTurn; ++i) {
    const ssize_t received = receive_packet(socket_, packet);
    if (received == 0 && lines.empty()) return std::nullopt;
    if (received <= 0) break;
    lines.append(packet.data(), static_cast<std::size_t>(received));
  }
  return lines;
}

RemoteMember::RemoteMember(UniqueFd socket, pid_t process, ChatRoom& room)
    : socket_(std::move(socket)), process_(process), room_(room) {
  room_.enter(*this);
}

void RemoteMember::on_readable() {
  std::array<char, kMaxPacket> packet;
  for (int i = 0; i < kMaxPacketsPerTurn && wants_input(); ++i) {
    const ssize_t received = receive_packet(socket_, packet);
    if (received < 0) return;
    if (received == 0) {
      has_finished_saying_ = true;
      return;
    }
    room_.say(*this, {packet.data(), static_cast<std::size_t>(received) - 1});
  }
}

void RemoteMember::on_writable() {
  std::string_view rest = unsent_;
  while (!rest.empty() && !is_cut_off_) {
    const std::string_view packet = rest.substr(0, kMaxPacket);
    // A packet is sent whole or not at all.
    if (::send(fd(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
      rest.remove_prefix(packet.size());
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      cut_off();
    }
  }
  unsent_.erase(0, unsent_.size() - rest.size());
  check_patience();
}

void RemoteMember::check_patience() {
  if (!is_behind()) {
    behind_since_.reset();
  } else if (!behind_since_) {
    behind_since_ = Clock::now();
  } else if (Clock::now() - *behind_since_ > kPatience && !is_cut_off_) {
    log::event("ERROR", "process {} {}", process_, ChatSession::kDoesNotRead);
    cut_off();
  }
}

bool RemoteMember::finished() const {
  const bool owes_nothing = has_finished_saying_ && unsent_.empty();
  // During a shutdown the others may still have something to say to this one.
  return is_cut_off_ || (owes_nothing && (!Shutdown::requested() || room_.closed()));
}

void RemoteMember::cut_off() {
  is_cut_off_ = true;
  has_finished_saying_ = true;
}

void Broker::close_copies() {
  for (RemoteMember& member : members_) member.close_copy();
}

bool Broker::is_waiting() const {
  return std::any_of(members_.begin(), members_.end(),
                     [](const RemoteMember& member) { return member.is_behind(); });
}

void Broker::watch(std::vector<pollfd>& watched) const {
  const bool listens = !is_waiting();
  for (const RemoteMember& member : members_) {
    const int input = member.wants_input() && listens ? POLLIN : 0;
    const int output = member.wants_output() ? POLLOUT : 0;
    // A negative descriptor is passed over: with no event wanted, POLLHUP would still come.
    const int fd = (input | output) != 0 ? member.fd() : -1;
    watched.push_back({fd, static_cast<short>(input | output), 0});
  }
}

void Broker::serve(std::span<const pollfd> watched) {
  auto entry = watched.begin();
  for (RemoteMember& member : members_) {
    if ((entry++)->revents & (POLLIN | POLLERR | POLLHUP)) member.on_readable();
  }
  const bool all_have_said = std::all_of(members_.begin(), members_.end(), [](const auto& member) {
    return member.has_finished_saying();
  });
  if (Shutdown::requested() && all_have_said) room_.close();
  for (RemoteMember& member : members_) member.on_writable();
  members_.remove_if([](const RemoteMember& member) { return member.finished(); });
}

void Broker::ask_for_the_rest() const {
  // kill(2): sends a signal.
  for (const RemoteMember& member : members_) ::kill(member.process(), SIGTERM);
}

}  // namespace echolab
