// chat-client-select: one thread for both directions
// The idea: who chats speaks and hears at any time. Let no call block on one side while the other
// has something. Ask the kernel which is ready, the terminal or the server, and serve just that.
// What blocks, and where: select, until either is ready; and the showing, while the screen is full.
// State, and who owns it: an Outbound and an Inbound, which only this thread touches.
// How it fails: each of these is a classic (UNP, 6.4 to 6.7). A client that ends with its input
// loses what is underway to it: the input's end is only the end of one direction. One that reads by
// lines, with stdio, waits for the terminal while the next line is already in stdio's buffer, where
// select cannot see it. And one that sends all before it hears anything ends in a deadlock: so it
// sends what there is room for, and reads no more of the terminal until that has gone.
// Run it: ./lab run chat-client-select 127.0.0.1 7007 --name alice
// Compare with: diff 02_threads/chat_client.cpp 03_select/chat_client.cpp
// Lab: 03_select/README.md

#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "01_iterative/client/client_main.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/client/wait_until_ready.h"
#include "02_threads/directions.h"
#include "common/system_error.h"

namespace echolab {

const ClientManual kManual{
    "chat_client_select",
    "Sends what you type, line by line, to a chat room of Echo Lab, and shows what others say.\n"
    "\n"
    "`quit`, Ctrl-D or the end of a pipe ends your side; what is still said to you is shown.\n"
    "It goes to stdout, unprintable bytes as \\xNN; what becomes of the connection goes to\n"
    "stderr. Exit status: 0 all well, 1 the connection failed or was interrupted, 2 bad usage.",
    {"--name"}};

struct Watched {
  fd_set readable;
  fd_set writable;
};

/// The descriptors to ask about. select replaces the sets by its answer, so that they are built
/// anew for each call.
Watched watch(const Outbound& outbound, const UniqueFd& server, int interrupt) {
  Watched watched;
  FD_ZERO(&watched.readable);
  FD_ZERO(&watched.writable);
  FD_SET(interrupt, &watched.readable);
  FD_SET(server.get(), &watched.readable);
  if (outbound.wants_input()) FD_SET(STDIN_FILENO, &watched.readable);
  if (outbound.wants_output()) FD_SET(server.get(), &watched.writable);
  return watched;
}

/// Blocks until one of them is ready, and leaves in the sets those that are: true. False when
/// `deadline` passes first.
bool wait(Watched& watched, int highest, Clock::time_point deadline) {
  const int limit = milliseconds_until(deadline);
  timeval timeout{limit / 1000, limit % 1000 * 1000};
  // select(2): sleeps until a descriptor is ready, and says which.
  const int ready = ::select(highest + 1, &watched.readable, &watched.writable, nullptr,
                             limit < 0 ? nullptr : &timeout);
  if (ready < 0 && errno != EINTR) throw system_error("select");
  if (ready < 0) watched = {};
  return Clock::now() < deadline;
}

void talk(const UniqueFd& server, const ClientOptions& options, int interrupt) {
  const int highest = std::max(server.get(), interrupt);
  if (highest >= FD_SETSIZE) {
    throw std::runtime_error("too many open descriptors at the start for select (FD_SETSIZE 1024)");
  }
  Outbound outbound(server, options);
  Inbound inbound(server, interrupt);
  Clock::time_point deadline = kForever;
  while (!inbound.finished()) {
    Watched watched = watch(outbound, server, interrupt);
    if (!wait(watched, highest, deadline)) {
      throw timeout_failure("end of the connection by the server", options.server.timeout);
    }
    if (FD_ISSET(interrupt, &watched.readable)) throw Interrupted();
    if (FD_ISSET(STDIN_FILENO, &watched.readable)) outbound.on_typed();
    if (FD_ISSET(server.get(), &watched.writable)) outbound.on_writable();
    if (FD_ISSET(server.get(), &watched.readable)) inbound.on_readable();
    const bool has_just_quit = outbound.has_quit() && deadline == kForever;
    if (has_just_quit) deadline = Clock::now() + options.server.timeout;
  }
  outbound.server_has_left();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::client_main(echolab::kManual, argc, argv, echolab::talk);
}
