// send-under-lock: a line is sent to all members under the lock that guards their list.
//
// The symptom: one member does not read; after a while nobody can speak, enter or leave.
// The story: the list is shared by all threads, so it has a lock, and the loop over the list stands
// inside it: nothing can be safer. But a send blocks while a member has no room, and the lock with
// it; even a newcomer, who only wants to be put into the list, waits for the slowest member.
// The fix: under the lock, put the line into a queue of each member; a thread of each member sends
// what is in its queue, and a member whose queue grows too long is dropped.
//
// Model: threads
// Service: chat

#include "student_chat.h"

namespace {

std::mutex mutex;
std::vector<int> members;  // guarded by mutex

void tell_others(int author, const std::string& line) {
  const std::lock_guard lock(mutex);
  for (const int member : members) {
    if (member != author) zoo::send_all(member, line.data(), line.size());
  }
}

void serve(int client) {
  {
    const std::lock_guard lock(mutex);
    members.push_back(client);
  }
  zoo::hear_lines(client, [&](const std::string& line) { tell_others(client, line); });
  {
    const std::lock_guard lock(mutex);
    std::erase(members, client);
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
