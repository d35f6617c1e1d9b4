#include "02_threads/gui/room_membership.h"

namespace echolab {

std::string RoomMembership::ask_for(const std::string& name) {
  asked_for_ = name;
  return name_.empty() ? name : "/name " + name;
}

RoomMembership::Meaning RoomMembership::on_line(std::string_view line) {
  if (line == "* what is your name?") return Meaning::kWantsName;
  if (asked_for_.empty()) return Meaning::kNothing;
  const std::string accepted =
      name_.empty() ? "* " + asked_for_ + " joined" : "* " + name_ + " is now " + asked_for_;
  if (line == accepted) {
    name_ = asked_for_;
    asked_for_.clear();
    return Meaning::kNamed;
  }
  if (!line.starts_with("error: ")) return Meaning::kNothing;
  asked_for_.clear();
  return Meaning::kRefused;
}

}  // namespace echolab
