// udp-chat-client: a thread for each direction, and datagrams
// The idea: as chat-client-threads, without a connection. That the server is there, that it knows
// us, and that it still does: whatever TCP would tell, the client finds out by asking, and asks
// again where there is no answer.
// What blocks, and where: the second thread in poll, for the server, or until a sign of life is
// due; the main thread in poll, for the terminal. A datagram for which there is no room is lost.
// State, and who owns it: the Lease belongs to the second thread, what is typed to the main thread.
// They share the socket: the kernel sends and receives whole datagrams, so there is no lock.
// How it fails: what is lost stays lost, on the way or because it comes faster than it is read; a
// pasted book arrives with pages missing. Of a server that is no more only silence tells, unless
// its machine is there to say that nobody listens (ECONNREFUSED, udp(7)).
// Run it: ./lab run udp-chat-client 127.0.0.1 7007 --name alice
// Compare with: diff 02_threads/chat_client.cpp 02_threads/udp_chat_client.cpp
// Lab: 02_threads/README.md

#include <unistd.h>

#include <functional>
#include <future>
#include <string>

#include "01_iterative/client/client_main.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/client/screen.h"
#include "01_iterative/client/typed_input.h"
#include "01_iterative/client/wait_until_ready.h"
#include "02_threads/datagram_room.h"
#include "02_threads/directions.h"
#include "02_threads/end_sign.h"
#include "02_threads/membership.h"
#include "common/log.h"

namespace echolab {

const ClientManual kManual{
    "udp_chat_client",
    "Sends what you type, a datagram a line, to a udp-chat room of Echo Lab, and shows what "
    "others\n"
    "say. Without --name you are a guest.\n"
    "\n"
    "`quit`, Ctrl-D or the end of a pipe leaves. What is said goes to stdout, unprintable bytes "
    "as\n"
    "\\xNN; what becomes of you goes to stderr. Exit status: 0 all well, 1 there is no server, or\n"
    "you were interrupted, 2 bad usage.",
    {"--name"}};

/// The second thread: shows what the server sends, until it says goodbye, or is of no use any more.
void hear(const UniqueFd& server, const ClientOptions& options, const EndSign& heard_all,
          const EndSign& leaving, int interrupt) {
  const GivesSign gives_sign(heard_all);
  Screen screen(interrupt);
  Membership membership(server, options);
  while (!membership.finished() &&
         wait_for_either(server.get(), leaving, membership.next_sign(), interrupt)) {
    screen.show(membership.hear());
    membership.keep();
  }
}

void say_typed(const UniqueFd& server, const std::string& message) {
  if (message.starts_with(DatagramRoom::kServersMark)) {
    log::event("ERROR", "Not sent: what begins with '{}' only the server may say.",
               DatagramRoom::kServersMark);
  } else {
    say(server, message);
  }
}

/// The main thread: sends what is typed, to the end: true. False once the other thread has ended.
bool speak(const UniqueFd& server, const EndSign& heard_all, int interrupt) {
  TypedInput typed(Framing::kChunk);  // message by message: so it is what a datagram is to hold
  while (!typed.finished()) {
    if (!wait_for_either(STDIN_FILENO, heard_all, kForever, interrupt)) return false;
    read_typed(typed);
    for (std::string text = typed.take(); !text.empty(); text = typed.take()) {
      say_typed(server, text);
    }
  }
  return true;
}

/// Says `quit` until the server has answered, as everything else that must not be lost.
void leave(const UniqueFd& server, const ClientOptions& options, std::future<void>& hearing) {
  const auto deadline = Clock::now() + options.server.timeout;
  while (hearing.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (Clock::now() >= deadline) throw timeout_failure("goodbye", options.server.timeout);
    say(server, "quit");
    hearing.wait_for(Lease::kRepeat);
  }
}

void talk(const UniqueFd& server, const ClientOptions& options, int interrupt) {
  const EndSign heard_all;
  const EndSign leaving;
  // A future's destructor waits for its thread. What that throws, get() throws here.
  std::future<void> hearing =
      std::async(std::launch::async, hear, std::cref(server), std::cref(options),
                 std::cref(heard_all), std::cref(leaving), interrupt);
  const GivesSign gives_sign(leaving);
  try {
    const bool has_said_all = speak(server, heard_all, interrupt);
    leave(server, options, hearing);
    hearing.get();
    if (!has_said_all) log::event("CLOSED", "The server has said goodbye.");
  } catch (const Interrupted&) {
    say(server, "quit");  // for the others' sake: no kernel says it in our place, as TCP's would
    throw;
  }
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::client_main(echolab::kManual, argc, argv, echolab::talk, echolab::join_room);
}
