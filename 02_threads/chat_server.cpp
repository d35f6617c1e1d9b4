// chat-threads: a chat room that threads share
// The idea: what one client says, all others hear. Each client has a thread; the room belongs to
// all of them, under one mutex: copy under the lock, send outside of it.
// What blocks, and where: the main thread in poll, for a client; each client's thread in poll, for
// its client or the room, and in the mutex, while another copies a line into the mailboxes.
// State per client, and who owns it: its Mailbox, which the mutex of SharedRoom guards; the stack
// of its thread, with its connection; and an entry in ClientThreads.
// What one more client costs: a thread, an eventfd by which the room wakes it, and a copy of every
// line said, made while everybody else waits for the mutex.
// How it fails: were a line sent under the lock, one member that does not read would stop the whole
// room. As it is, what it does not read is kept for it; when 4 MiB wait, it is disconnected. Out of
// threads or descriptors, newcomers are turned away.
// Run it: ./lab run chat-threads --port 7007
// Compare with:
//   diff 02_threads/thread_per_client_server.cpp 02_threads/chat_server.cpp
//   diff 02_threads/chat_server.cpp 06_multiprocess/chat_server.cpp
// Lab: 02_threads/README.md

#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "02_threads/serve_member.h"
#include "02_threads/shared_room.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

/// The clients' threads: each is owned, and joined, and none is left running.
class ClientThreads {
 public:
  ClientThreads(const Options& options, const Shutdown& shutdown)
      : options_(options), shutdown_(shutdown), room_(options.echo_self) {}
  ~ClientThreads() { finish(); }
  ClientThreads(const ClientThreads&) = delete;
  ClientThreads& operator=(const ClientThreads&) = delete;

  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock(mutex_);
    return clients_.size();
  }

  /// Throws std::system_error, and closes the client, when there are no more threads or descriptors
  /// to be had.
  void start(UniqueFd client) {
    // The new thread looks itself up in the list when it ends: the lock makes it wait until it is
    // there.
    const std::lock_guard lock(mutex_);
    const auto entry = clients_.emplace(clients_.end(), room_);
    try {
      entry->thread = std::thread(
          [this, entry, client = std::move(client)]() mutable { serve(entry, std::move(client)); });
    } catch (...) {
      clients_.erase(entry);
      throw;
    }
  }

  /// Lets the clients hear what was still said, and have what they are owed, and joins every
  /// thread. Each disconnects its client by itself when the grace is over.
  void finish() {
    if (!Shutdown::requested()) Shutdown::request();  // run() has thrown: nobody else tells them
    room_.close();
    std::unique_lock lock(mutex_);
    all_ended_.wait(lock, [this] { return clients_.empty(); });
    if (last_ended_.joinable()) last_ended_.join();
  }

 private:
  struct Entry {
    explicit Entry(SharedRoom& room) : mailbox(room) {}
    Mailbox mailbox;
    std::thread thread;
  };

  void serve(std::list<Entry>::iterator entry, UniqueFd client) {
    serve_member(std::move(client), entry->mailbox, options_, shutdown_);
    // A thread cannot join itself. So each, as it ends, joins the one that ended before it: at most
    // one ended thread waits to be joined, however many clients come and go.
    std::thread ended_before;
    {
      const std::lock_guard lock(mutex_);
      ended_before = std::exchange(last_ended_, std::move(entry->thread));
      clients_.erase(entry);
      if (clients_.empty()) all_ended_.notify_all();
    }
    if (ended_before.joinable()) ended_before.join();
  }

  const Options& options_;
  const Shutdown& shutdown_;
  SharedRoom room_;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::list<Entry> clients_;
  std::thread last_ended_;
};

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  ClientThreads threads(options, shutdown);
  while (listener.wait_readable(shutdown)) {
    // accept(2): takes the oldest connection from the backlog, as a socket of its own.
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) {
      listener.accept_failed(errno);
      continue;
    }
    if (threads.count() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    try {
      threads.start(std::move(client));
    } catch (const std::exception& error) {
      listener.turned_away(fmt::format("no thread to serve it: {}", error.what()));
    }
  }
  log::event("SHUTTING DOWN");
  listener.close();
  threads.finish();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::chat_server_main("chat-threads", argc, argv, echolab::run);
}
