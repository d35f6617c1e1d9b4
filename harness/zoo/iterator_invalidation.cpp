// iterator-invalidation: a member that cannot be told is erased inside the loop over the members.
//
// The symptom: somebody's connection breaks while somebody else speaks, and the server crashes.
// The story: erase is called where the failure is noticed, which is the natural place. It frees the
// element on which the loop stands, and ++ then asks the freed element where the next one is. With
// a vector it would not crash: the next member would be passed over, and the last one told twice.
// The fix: take what erase returns, the next element: member = members.erase(member).
//
// Model: poll
// Service: chat

#include <list>

#include "student_chat.h"

namespace {

constexpr std::size_t kMostOwed = 1024 * 1024;  // bytes; then a member is dropped

struct Member {
  zoo::Client client;
  zoo::Lines lines{};
};

std::list<Member> members;

bool tell(Member& member, const std::string& line) {
  member.client.owed += line;
  return zoo::flush(member.client) && member.client.owed.size() <= kMostOwed;
}

void tell_others(int author, const std::string& line) {
  for (auto member = members.begin(); member != members.end(); ++member) {
    if (member->client.fd == author || tell(*member, line)) continue;
    ::close(member->client.fd);
    members.erase(member);
  }
}

/// One turn of a member. False if it is to be closed.
bool serve(Member& member) {
  if (!zoo::flush(member.client)) return false;
  char buffer[zoo::kBuffer];
  const ssize_t received = ::recv(member.client.fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (received < 0) return errno == EAGAIN || errno == EINTR;
  if (received == 0) return false;
  member.lines.append({buffer, static_cast<std::size_t>(received)});
  while (const auto line = member.lines.next()) tell_others(member.client.fd, *line);
  return !member.lines.too_long();
}

void serve_ready(const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    const auto is_this = [&](const Member& member) { return member.client.fd == entry.fd; };
    const auto member = std::find_if(members.begin(), members.end(), is_this);
    if (entry.revents == 0 || member == members.end() || serve(*member)) continue;
    ::close(entry.fd);
    members.erase(member);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    std::vector<pollfd> polled{{rests ? -1 : listener, POLLIN, 0}};
    for (const Member& member : members) {
      const auto events = static_cast<short>(POLLIN | (member.client.owed.empty() ? 0 : POLLOUT));
      polled.push_back({member.client.fd, events, 0});
    }
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    serve_ready(polled);
    if (!rests && polled[0].revents == 0) continue;
    rests = !zoo::accept_waiting(listener, [](int fd) {
      zoo::set_non_blocking(fd);
      members.emplace_back().client.fd = fd;
    });
  }
}
