#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "01_iterative/datagram.h"

namespace echolab {

/// What the room says to a member that has named itself, or asks by an empty datagram whether it
/// still is one: "* you are alice, unless you are silent for 60 s", or "* you are alice" alone.
struct Welcome {
  std::string name;
  /// After so long without a datagram the member is gone; 0: it never is.
  std::chrono::milliseconds silence;

  [[nodiscard]] std::string text() const;

  /// None in a text that says something else.
  [[nodiscard]] static std::optional<Welcome> in(std::string_view text);
};

/// A chat room of datagrams, without any I/O: what came from whom, and when; what is to be sent,
/// and to whom. docs/chat.md has its rules (UDP-CHAT).
///
/// No connection tells who is there. A member is an address that has named itself, for as long as
/// something is heard of it: soft state, which may be lost, and which the members keep restoring.
class DatagramRoom {
 public:
  using Clock = std::chrono::steady_clock;

  /// In bytes. With a name before it, such a message fits an Ethernet frame: a longer datagram
  /// travels in fragments, and is lost if one of them is.
  static constexpr std::size_t kMaxMessage = 1024;

  /// What the server itself says begins so. The room takes nothing from anybody that does: thus
  /// nobody speaks in its name, and two servers do not answer each other's answers for ever.
  static constexpr std::string_view kServersMark = "* ";

  // What else of it is for clients to understand.
  static constexpr std::string_view kRefusal = "* error: ";
  static constexpr std::string_view kWhoAreYou = "* error: who are you? Say: /name NAME";
  static constexpr std::string_view kGoodbye = "* goodbye";

  struct Limits {
    std::size_t members;
    std::chrono::milliseconds silence;  // as in Welcome
  };

  struct Outgoing {
    SocketAddress to;
    std::string text;
  };

  explicit DatagramRoom(const Limits& limits) : limits_(limits) {}

  /// Takes a datagram, of any content and length, and returns what it gives rise to. Of one longer
  /// than kMaxMessage and a line end, the rest may be cut off.
  [[nodiscard]] std::vector<Outgoing> receive(const SocketAddress& sender,
                                              std::string_view datagram, Clock::time_point now);

  /// Removes the members that have been silent for too long.
  [[nodiscard]] std::vector<Outgoing> expire(Clock::time_point now);

  /// When expire() will have something to do, if nothing is heard before; Clock::time_point::max()
  /// without members, and where silence has no limit.
  [[nodiscard]] Clock::time_point next_expiry() const;

  /// What to tell the members when the server ends.
  [[nodiscard]] std::vector<Outgoing> farewell() const;

 private:
  struct Member {
    SocketAddress address;
    std::string name;
    Clock::time_point heard_at;
  };
  using Members = std::map<std::string, Member>;  // by the texts of their addresses

  std::vector<Outgoing> join(const SocketAddress& sender, std::string_view name,
                             Clock::time_point now);
  std::vector<Outgoing> rename(Member& member, std::string_view name);
  [[nodiscard]] Outgoing welcome(const Member& member) const;
  std::vector<Outgoing> leave(Members::iterator member, std::string_view reason);
  [[nodiscard]] std::string objection_to(std::string_view name) const;
  [[nodiscard]] std::vector<Outgoing> to_all_but(const Member* member,
                                                 const std::string& text) const;

  Limits limits_;
  Members members_;
};

}  // namespace echolab
