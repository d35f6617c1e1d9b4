#include "common/chat.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/escape.h"

namespace echolab {
namespace {

constexpr std::string_view kPrompt = "* what is your name?\n";
constexpr std::string_view kFarewell = "* the server is shutting down\n";
constexpr std::string_view kRename = "/name";
constexpr std::string_view kList = "/who";
constexpr std::string_view kQuit = "/quit";

}  // namespace

bool ChatRoom::is_name(std::string_view name) {
  const bool has_length = !name.empty() && name.size() <= kMaxName;
  const bool could_forge = name.find_first_of(" :") != std::string_view::npos ||
                           name.starts_with('*') || name.starts_with('/');
  return has_length && !could_forge && escaped(name) == name;
}

void ChatRoom::enter(ChatMember& member) {
  nameless_.push_back(&member);
  member.hear(kPrompt);
}

void ChatRoom::say(ChatMember& member, std::string_view line) {
  if (closed_) return;
  if (member.name_.empty()) {
    take_name(member, line);
  } else if (line.starts_with('/')) {
    carry_out(member, line);
  } else if (!line.empty()) {
    tell_all(fmt::format("{}: {}\n", member.name_, escaped(line)), echo_self_ ? nullptr : &member);
  }
}

void ChatRoom::leave(ChatMember& member) {
  std::erase(nameless_, &member);
  if (members_.erase(member.name_) != 0 && !closed_) {
    tell_all(fmt::format("* {} left\n", member.name_));
  }
}

void ChatRoom::close() {
  if (std::exchange(closed_, true)) return;
  tell_all(kFarewell);
  for (ChatMember* const member : nameless_) member->hear(kFarewell);
}

void ChatRoom::take_name(ChatMember& member, std::string_view name) {
  if (const std::string refusal = refusal_of(name); !refusal.empty()) {
    member.hear(refusal);
    member.hear(kPrompt);
    return;
  }
  std::erase(nameless_, &member);
  member.name_ = name;
  members_.emplace(name, &member);
  tell_all(fmt::format("* {} joined\n", name));
}

void ChatRoom::carry_out(ChatMember& member, std::string_view command) {
  const std::string_view word = command.substr(0, command.find(' '));
  if (word == kRename) {
    rename(member, command.substr(std::min(command.size(), kRename.size() + 1)));
  } else if (command == kList) {
    member.hear(list());
  } else {
    member.hear("error: no such command: there are /name NAME, /who and /quit\n");
  }
}

void ChatRoom::rename(ChatMember& member, std::string_view name) {
  if (const std::string refusal = refusal_of(name); !refusal.empty()) {
    member.hear(refusal);
    return;
  }
  members_.erase(member.name_);
  members_.emplace(name, &member);
  tell_all(fmt::format("* {} is now {}\n", member.name_, name));
  member.name_ = name;
}

std::string ChatRoom::refusal_of(std::string_view name) const {
  if (!is_name(name)) {
    return fmt::format(
        "error: a name has 1 to {} printable bytes, no space, no colon, and begins with neither * "
        "nor /\n",
        kMaxName);
  }
  if (name == "error" || members_.contains(name)) {
    return fmt::format("error: '{}' is taken\n", name);
  }
  return {};
}

std::string ChatRoom::list() const {
  std::string line = "* here: ";
  std::size_t listed = 0;
  for (const auto& [name, member] : members_) {
    if (line.size() + name.size() > kMaxListLine) break;
    if (listed++ != 0) line += ", ";
    line += name;
  }
  if (listed < members_.size()) line += fmt::format(", and {} more", members_.size() - listed);
  return line + '\n';
}

void ChatRoom::tell_all(std::string_view line, const ChatMember* except) {
  for (const auto& [name, member] : members_) {
    if (member != except) member->hear(line);
  }
}

void ChatSession::on_message(const Message& message) {
  if (message.text == kQuit) {
    close();
  } else {
    say(message.text);
  }
}

}  // namespace echolab
