#include "02_threads/datagram_room.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/chat.h"
#include "common/escape.h"
#include "common/log.h"

namespace echolab {
namespace {

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool is_quit(std::string_view text) {
  return text == "quit" || text == "/quit";
}

/// The name in `/name alice`; none in a datagram that says something else.
std::optional<std::string_view> name_in(std::string_view text) {
  constexpr std::string_view kCommand = "/name ";
  if (!text.starts_with(kCommand)) return std::nullopt;
  return text.substr(kCommand.size());
}

/// The line end is for people who use nc instead of a client.
DatagramRoom::Outgoing to(const SocketAddress& address, std::string text) {
  return {address, std::move(text) + '\n'};
}

DatagramRoom::Outgoing refusal(const SocketAddress& address, std::string_view reason) {
  return to(address, fmt::format("{}{}", DatagramRoom::kRefusal, reason));
}

constexpr std::string_view kYouAre = "* you are ";
constexpr std::string_view kUnlessSilent = ", unless you are silent for ";

}  // namespace

std::string Welcome::text() const {
  if (silence.count() == 0) return fmt::format("{}{}", kYouAre, name);
  const double seconds = std::chrono::duration<double>(silence).count();
  return fmt::format("{}{}{}{:g} s", kYouAre, name, kUnlessSilent, seconds);
}

std::optional<Welcome> Welcome::in(std::string_view text) {
  if (!text.starts_with(kYouAre)) return std::nullopt;
  text.remove_prefix(kYouAre.size());
  if (ChatRoom::is_name(text)) return Welcome{std::string(text), std::chrono::milliseconds(0)};
  const std::size_t comma = text.rfind(kUnlessSilent);
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view number = text.substr(comma + kUnlessSilent.size());
  double seconds = 0;
  const auto end = std::from_chars(number.begin(), number.end(), seconds);
  constexpr double kDay = 24.0 * 60 * 60;
  if (end.ec != std::errc() || !(seconds > 0 && seconds <= kDay)) return std::nullopt;
  const std::chrono::duration<double> silence(seconds);
  return Welcome{std::string(text.substr(0, comma)),
                 std::chrono::ceil<std::chrono::milliseconds>(silence)};
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::receive(const SocketAddress& sender,
                                                          std::string_view datagram,
                                                          Clock::time_point now) {
  const std::string_view text = without_line_end(datagram);
  if (text.starts_with(kServersMark)) return {};
  const auto found = members_.find(sender.text());
  const bool is_member = found != members_.end();
  if (is_member) found->second.heard_at = now;

  if (text.size() > kMaxMessage) {
    return {refusal(sender, fmt::format("a message has at most {} bytes", kMaxMessage))};
  }
  if (const auto name = name_in(text)) {
    return is_member ? rename(found->second, *name) : join(sender, *name, now);
  }
  if (is_quit(text)) {
    return is_member ? leave(found, "quit") : std::vector{to(sender, std::string(kGoodbye))};
  }
  if (!is_member) return {to(sender, std::string(kWhoAreYou))};
  if (text.empty()) return {welcome(found->second)};
  return to_all_but(&found->second, fmt::format("{}: {}", found->second.name, escaped(text)));
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::join(const SocketAddress& sender,
                                                       std::string_view name,
                                                       Clock::time_point now) {
  std::string objection = objection_to(name);
  if (objection.empty() && members_.size() >= limits_.members) objection = "the room is full";
  if (!objection.empty()) return {refusal(sender, objection)};

  const auto [entry, is_new] =
      members_.emplace(sender.text(), Member{sender, std::string(name), now});
  log::event("NEW MEMBER", "{}, {}", name, entry->first);
  log::event("ACTIVE MEMBERS", "{}", members_.size());
  std::vector<Outgoing> outgoing = to_all_but(&entry->second, fmt::format("* {} joined", name));
  outgoing.push_back(welcome(entry->second));
  return outgoing;
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::rename(Member& member, std::string_view name) {
  std::vector<Outgoing> outgoing;
  // A member may say its name twice: the first welcome may have been lost.
  if (name != member.name) {
    const std::string objection = objection_to(name);
    if (!objection.empty()) return {refusal(member.address, objection)};
    outgoing = to_all_but(&member, fmt::format("* {} is now {}", member.name, name));
    member.name = name;
  }
  outgoing.push_back(welcome(member));
  return outgoing;
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::leave(Members::iterator member,
                                                        std::string_view reason) {
  const Member gone = std::move(member->second);
  members_.erase(member);
  log::event("MEMBER LEFT", "{}, {}: {}", gone.name, gone.address.text(), reason);
  std::vector<Outgoing> outgoing =
      to_all_but(nullptr, fmt::format("* {} left: {}", gone.name, reason));
  outgoing.push_back(to(gone.address, fmt::format("{}: {}", kGoodbye, reason)));
  return outgoing;
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::expire(Clock::time_point now) {
  std::vector<Outgoing> outgoing;
  if (limits_.silence.count() == 0) return outgoing;
  for (auto member = members_.begin(); member != members_.end();) {
    const auto next = std::next(member);
    if (now - member->second.heard_at >= limits_.silence) {
      std::ranges::move(leave(member, "silent for too long"), std::back_inserter(outgoing));
    }
    member = next;
  }
  return outgoing;
}

DatagramRoom::Outgoing DatagramRoom::welcome(const Member& member) const {
  return to(member.address, Welcome{member.name, limits_.silence}.text());
}

DatagramRoom::Clock::time_point DatagramRoom::next_expiry() const {
  Clock::time_point first = Clock::time_point::max();
  if (limits_.silence.count() == 0) return first;
  for (const auto& [address, member] : members_) {
    first = std::min(first, member.heard_at + limits_.silence);
  }
  return first;
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::farewell() const {
  return to_all_but(nullptr, fmt::format("{}: the server is shutting down", kGoodbye));
}

std::string DatagramRoom::objection_to(std::string_view name) const {
  if (!ChatRoom::is_name(name)) {
    return fmt::format("'{}' is not a name", escaped(name));
  }
  const bool taken = std::ranges::any_of(
      members_, [name](const auto& entry) { return entry.second.name == name; });
  return taken ? fmt::format("the name '{}' is taken", name) : std::string();
}

std::vector<DatagramRoom::Outgoing> DatagramRoom::to_all_but(const Member* member,
                                                             const std::string& text) const {
  std::vector<Outgoing> outgoing;
  for (const auto& [address, other] : members_) {
    if (&other != member) outgoing.push_back(to(other.address, text));
  }
  return outgoing;
}

}  // namespace echolab
