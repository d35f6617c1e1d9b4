// thread-per-client: a thread for each client
// The idea: accept a client, start a thread that serves it as lab 01 would, accept the next. The
// kernel's scheduler turns blocking calls into concurrency.
// What blocks, and where: the main thread in poll, for a client; each client's thread in recv or
// send, for that client alone.
// State per client, and who owns it: the stack of its thread, and an entry in ClientThreads, which
// the main thread and all client threads share, so that a mutex guards it.
// What one more client costs: a thread. Its stack is 8 MiB of address space, of which some 12 KiB
// are used; each echo wakes a thread, and that costs more than the echo.
// How it fails: out of threads, newcomers are turned away. A bug that writes outside its own stack
// harms everybody; lab 06 gives each client a process instead.
// Run it: ./lab run thread-per-client --port 7007
// Compare with:
//   diff 01_iterative/iterative_server.cpp 02_threads/thread_per_client_server.cpp
// Lab: 02_threads/README.md

#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "01_iterative/serve_client.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

/// The clients' threads: each is owned, and joined, and none is left running.
class ClientThreads {
 public:
  explicit ClientThreads(const Options& options) : options_(options) {}
  ~ClientThreads() { finish(); }
  ClientThreads(const ClientThreads&) = delete;
  ClientThreads& operator=(const ClientThreads&) = delete;

  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock(mutex_);
    return clients_.size();
  }

  /// Throws std::system_error, and closes the client, when there are no more threads to be had.
  void start(UniqueFd client) {
    // BEGIN SOLUTION: put the client on the list, and start the thread that runs serve() for it.
    // The new thread looks itself up in the list when it ends: the lock makes it wait until it is
    // there.
    const std::lock_guard lock(mutex_);
    const auto entry = clients_.emplace(clients_.end(), std::move(client));
    try {
      entry->thread = std::thread([this, entry] { serve(entry); });
    } catch (...) {
      clients_.erase(entry);
      throw;
    }
    // END SOLUTION, until then: const EndsOnShutdown ends(client); serve_client(client, options_);
  }

  /// Lets the clients have what they are owed, disconnects those that do not fetch it, and joins
  /// every thread.
  void finish() {
    std::unique_lock lock(mutex_);
    end_clients(SHUT_RD);
    if (!all_ended_.wait_for(lock, Shutdown::kGrace, [this] { return clients_.empty(); })) {
      end_clients(SHUT_RDWR);
      all_ended_.wait(lock, [this] { return clients_.empty(); });
    }
    if (last_ended_.joinable()) last_ended_.join();
  }

 private:
  struct Entry {
    explicit Entry(UniqueFd socket) : client(std::move(socket)) {}
    UniqueFd client;
    std::thread thread;
  };

  void serve(std::list<Entry>::iterator entry) {
    // BEGIN SOLUTION: serve the client; then leave the list, and see that this thread is joined.
    serve_client(entry->client, options_);
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
    // END SOLUTION
  }

  // Wakes the threads that wait in recv or send (shutdown(2)); the mutex is held, so that no
  // descriptor in the list can be closed, and its number given to another client, meanwhile.
  void end_clients(int how) {
    for (const Entry& entry : clients_) ::shutdown(entry.client.get(), how);
  }

  const Options& options_;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::list<Entry> clients_;
  std::thread last_ended_;
};

// BEGIN run
void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  ClientThreads threads(options);
  while (listener.wait_readable(shutdown)) {
    // accept(2): takes the oldest connection from the backlog, as a socket of its own.
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
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
// END run

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("thread-per-client", argc, argv, echolab::run);
}
