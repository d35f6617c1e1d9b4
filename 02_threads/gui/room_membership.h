#pragma once

#include <string>
#include <string_view>

namespace echolab {

/// The client's side of docs/chat.md, without any I/O: whether the room knows us, and by which
/// name.
class RoomMembership {
 public:
  /// What a line of the room's means for our name.
  enum class Meaning { kNothing, kWantsName, kNamed, kRefused };

  /// The name by which we are known; "" outside the room.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// The line to send in order to be known as `name`. Its answer is kNamed or kRefused.
  [[nodiscard]] std::string ask_for(const std::string& name);

  /// Takes a line that came, without its end.
  [[nodiscard]] Meaning on_line(std::string_view line);

  /// The connection has ended.
  void leave() { *this = {}; }

 private:
  std::string name_;
  std::string asked_for_;  // "" when there is no answer to come
};

}  // namespace echolab
