// chat-client-threads: a thread for each direction
// The idea: who chats speaks and hears at any time. Let one thread wait for the server, and show
// what it sends, while the other waits for the terminal, and sends what is typed.
// What blocks, and where: the second thread in poll, for the server; the main thread in poll, for
// the terminal, or for room in the server's window: the other goes on showing meanwhile.
// State, and who owns it: each thread has its direction, an Outbound or an Inbound, for itself.
// They share the socket, of which the kernel takes care: no lock anywhere.
// How it fails: two threads must end together. The second ends when the server does, by itself. But
// the main thread may then be waiting for the terminal, and no call of another thread ends a read
// there, as shutdown(2) ends a recv. So it reads only when poll says that there is something, and
// poll waits for a sign of the second thread, too: an eventfd.
// Run it: ./lab run chat-client-threads 127.0.0.1 7007 --name alice
// Compare with: diff 02_threads/chat_client.cpp 03_select/chat_client.cpp
// Lab: 02_threads/README.md

#include <poll.h>
#include <unistd.h>

#include <functional>
#include <future>

#include "01_iterative/client/client_main.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/client/wait_until_ready.h"
#include "02_threads/directions.h"
#include "02_threads/end_sign.h"

namespace echolab {

const ClientManual kManual{
    "chat_client_threads",
    "Sends what you type, line by line, to a chat room of Echo Lab, and shows what others say.\n"
    "\n"
    "`quit`, Ctrl-D or the end of a pipe ends your side; what is still said to you is shown.\n"
    "It goes to stdout, unprintable bytes as \\xNN; what becomes of the connection goes to\n"
    "stderr. Exit status: 0 all well, 1 the connection failed or was interrupted, 2 bad usage.",
    {"--name"}};

/// The second thread: shows what the server sends, to the end.
void hear(const UniqueFd& server, const EndSign& heard_all, int interrupt) {
  const GivesSign gives_sign(heard_all);
  const EndsStream ends_stream(server);
  Inbound inbound(server, interrupt);
  while (!inbound.finished()) {
    if (wait_until_ready(server.get(), POLLIN, kForever, interrupt)) inbound.on_readable();
  }
}

/// The main thread: sends what is typed, to the end, or until the server has no more to say.
void speak(Outbound& outbound, const UniqueFd& server, const EndSign& heard_all, int interrupt) {
  while (!outbound.finished()) {
    if (outbound.wants_output()) {
      if (wait_until_ready(server.get(), POLLOUT, kForever, interrupt)) outbound.on_writable();
    } else if (wait_for_either(STDIN_FILENO, heard_all, kForever, interrupt)) {
      outbound.on_typed();
    } else {
      return;
    }
  }
}

void talk(const UniqueFd& server, const ClientOptions& options, int interrupt) {
  Outbound outbound(server, options);
  const EndSign heard_all;
  // A future's destructor waits for its thread. What that throws, get() throws here.
  std::future<void> hearing =
      std::async(std::launch::async, hear, std::cref(server), std::cref(heard_all), interrupt);
  const EndsStream ends_stream(server);
  speak(outbound, server, heard_all, interrupt);
  const auto& timeout = options.server.timeout;
  if (outbound.has_quit() && hearing.wait_for(timeout) == std::future_status::timeout) {
    throw timeout_failure("end of the connection by the server", timeout);
  }
  hearing.get();
  outbound.server_has_left();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::client_main(echolab::kManual, argc, argv, echolab::talk);
}
