// interleaved-writes: the name and the text of a message are sent by two calls.
//
// The symptom: two members speak at the same moment, and a third one reads "alice: bob: hello", and
// then a line without a name. No byte is lost.
// The story: two calls save building a string, and at the desk nobody speaks at the same moment as
// oneself. Each send is a step of its own: between the two, another thread may send to that member.
// The fix: put the line together first, and send it by one call, under a lock of that member's.
//
// Model: threads
// Service: chat

#include "student_chat.h"

namespace {

struct Member {
  int fd;
  std::string name;

  Member(int socket, std::string what_it_said) : fd(socket), name(std::move(what_it_said)) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member() { ::close(fd); }  // when nobody is sending to it any more

  /// Who takes nothing for a second is disconnected.
  void tell(const std::string& text) const {
    if (!zoo::send_all(fd, text.data(), text.size())) ::shutdown(fd, SHUT_RDWR);
  }
};

std::mutex mutex;
std::vector<std::shared_ptr<Member>> members;  // guarded by mutex

void tell_others(const Member& author, const std::string& line) {
  std::vector<std::shared_ptr<Member>> others;
  {
    const std::lock_guard lock(mutex);
    others = members;
  }
  for (const auto& member : others) {
    if (member->fd == author.fd) continue;
    member->tell(author.name + ": ");
    member->tell(line);
  }
}

void serve(int client) {
  const timeval second{1, 0};
  ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  const auto self = std::make_shared<Member>(client, "member " + std::to_string(client));
  {
    const std::lock_guard lock(mutex);
    members.push_back(self);
  }
  zoo::hear_lines(client, [&](const std::string& line) { tell_others(*self, line); });
  const std::lock_guard lock(mutex);
  std::erase(members, self);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
