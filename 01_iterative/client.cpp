// client: one thread for a terminal and a connection
// The idea: let no call block on one side while the other has something to say. Ask the kernel
// which side is ready, read from just that, and write no more than the other takes.
// What blocks, and where: poll, until somebody types, the server answers, or Ctrl-C is pressed;
// and the showing of an answer, while the screen is full.
// State, and who owns it: a Conversation, with at most 64 KiB of input on its way to the server.
// How it fails: each trouble has a name, such as [REFUSED], and ends the client with status 1.
// A client that sends all before it reads an answer would end in a deadlock: the server, whose
// answers nobody takes, takes no more questions, and the client cannot send them.
// Run it: ./lab run client 127.0.0.1 7007
// Compare with: diff 01_iterative/client.cpp 03_select/chat_client.cpp
// Lab: 01_iterative/README.md

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "01_iterative/client/client_main.h"
#include "01_iterative/client/conversation.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/client/ping.h"
#include "common/system_error.h"

namespace echolab {

const ClientManual kManual{
    "client",
    "Sends what you type, line by line, to a server of Echo Lab, and shows what comes back.\n"
    "\n"
    "`quit`, Ctrl-D or the end of a pipe ends your side; what the server still owes is shown.\n"
    "Answers go to stdout, `[RESPONSE] hello`, a line for a line, unprintable bytes as \\xNN;\n"
    "what becomes of the connection goes to stderr. Exit status: 0 all well, 1 the connection\n"
    "failed or was interrupted, 2 bad usage.",
    {"--framing", "--ping"}};

void converse(const UniqueFd& server, const ClientOptions& options, int interrupt) {
  Conversation conversation(server, options, interrupt);
  while (!conversation.finished()) {
    const int typing = conversation.wants_typing() ? STDIN_FILENO : -1;  // poll(2) ignores -1
    const short room = conversation.wants_room() ? POLLOUT : 0;
    std::array<pollfd, 3> watched{{{interrupt, POLLIN, 0},
                                   {typing, POLLIN, 0},
                                   {server.get(), static_cast<short>(POLLIN | room), 0}}};
    const int ready = ::poll(watched.data(), watched.size(), conversation.patience());
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    if (ready == 0) conversation.on_silence();
    if (ready <= 0) continue;
    if (watched[0].revents != 0) throw Interrupted();
    if (watched[1].revents != 0) conversation.on_typed();
    if ((watched[2].revents & POLLOUT) != 0) conversation.on_writable();
    // An error or a hang-up is reported unasked: recv tells which it is.
    if ((watched[2].revents & ~POLLOUT) != 0) conversation.on_readable();
  }
}

void talk(const UniqueFd& server, const ClientOptions& options, int interrupt) {
  if (options.pings != 0) {
    ping(server, options, interrupt);
  } else {
    converse(server, options, interrupt);
  }
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::client_main(echolab::kManual, argc, argv, echolab::talk);
}
