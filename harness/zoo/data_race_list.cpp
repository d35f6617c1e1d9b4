// data-race-list: all threads use the list of members, and no lock guards it.
//
// The symptom: somebody leaves while a line is being told, and another member never hears that
// line. Once in a while the server crashes.
// The story: each thread puts its own member into the list, and takes it out again; a line of code
// each, over in an instant. But telling a line takes as long as all its sends: meanwhile one thread
// erases an element, all behind it move up, and the thread that tells the line passes one over.
// The fix: a mutex for the list, held wherever it is read or changed; to tell a line, copy the list
// under the mutex, and send without it.
//
// Model: threads
// Service: chat

#include "student_chat.h"

namespace {

struct Member {
  int fd;

  explicit Member(int socket) : fd(socket) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member() { ::close(fd); }  // when nobody is sending to it any more
};

std::vector<std::shared_ptr<Member>> members;

void tell_others(const Member& author, const std::string& line) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto member = members[i];
    if (member->fd == author.fd) continue;
    // Who takes nothing for a second is disconnected.
    if (!zoo::send_all(member->fd, line.data(), line.size())) ::shutdown(member->fd, SHUT_RDWR);
  }
}

void serve(int client) {
  const timeval second{1, 0};
  ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  const auto self = std::make_shared<Member>(client);
  members.push_back(self);
  zoo::hear_lines(client, [&](const std::string& line) { tell_others(*self, line); });
  std::erase(members, self);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
