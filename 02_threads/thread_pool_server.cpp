// thread-pool: a fixed number of threads, fed by a queue
// The idea: start the threads beforehand. Accept a client, put it into a queue, accept the next;
// each worker takes a client from the queue, serves it as lab 01 would, takes the next.
// What blocks, and where: the main thread in poll, for a place in the queue and then for a client;
// each worker in the queue, for a client, and then in recv or send, for that client alone.
// State per client, and who owns it: the stack of its worker, and that worker's entry in
// ThreadPool, which the main thread and all workers share, so that a mutex guards it.
// What one more client costs: a place in the queue, and no thread. While every worker has a client,
// it waits there until one of those leaves; when the queue is full, in the kernel's backlog.
// How it fails: as many silent clients as there are workers keep all others out for ever
// (--idle-timeout and more --workers put it off). Lab 03 serves them all with one thread instead.
// Run it: ./lab run thread-pool --port 7007 --workers 10
// Compare with:
//   diff 02_threads/thread_per_client_server.cpp 02_threads/thread_pool_server.cpp
// Lab: 02_threads/README.md

#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "01_iterative/serve_client.h"
#include "02_threads/client_queue.h"
#include "common/log.h"
#include "common/server_main.h"

namespace echolab {

/// The workers' threads: each is owned, and joined, and serves a client at a time.
class ThreadPool {
 public:
  explicit ThreadPool(const Options& options) : options_(options), queue_(options.workers) {}
  ~ThreadPool() { finish(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// The clients that are served, and those that wait.
  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock(mutex_);
    return clients_;
  }

  /// Throws std::runtime_error when there are no more threads to be had.
  void start() {
    try {
      while (workers_.size() < options_.workers) workers_.emplace_back(*this);
    } catch (const std::exception& error) {
      throw std::runtime_error(
          fmt::format("no thread for worker {} of {} (try fewer --workers): {}",
                      workers_.size() + 1, options_.workers, error.what()));
    }
  }

  /// Blocks until there is a place for a client: true. False once the shutdown is requested.
  [[nodiscard]] bool wait_for_place(const Shutdown& shutdown) const {
    return queue_.wait_for_place(shutdown);
  }

  /// Hands a client, for which there is a place, to the next worker that is free.
  void submit(UniqueFd client) {
    const std::lock_guard lock(mutex_);
    queue_.put(std::move(client));
    ++clients_;
  }

  /// Lets the clients have what they are owed, those in the queue too, disconnects those that do
  /// not fetch it, and joins every thread.
  void finish() {
    queue_.close();
    std::unique_lock lock(mutex_);
    end_clients(SHUT_RD);
    all_ended_.wait_for(lock, Shutdown::kGrace, [this] { return clients_ == 0; });
    end_clients(SHUT_RDWR);
    lock.unlock();
    workers_.clear();  // a std::jthread is joined where it is destroyed
  }

 private:
  struct Worker {
    explicit Worker(ThreadPool& pool) : thread([this, &pool] { pool.work(*this); }) {}
    UniqueFd client;
    std::jthread thread;
  };

  void work(Worker& worker) {
    while (UniqueFd client = queue_.take()) {
      {
        const std::lock_guard lock(mutex_);
        worker.client = std::move(client);
        // end_clients() does not see those in the queue: they are ended as their turn comes.
        if (ended_by_) ::shutdown(worker.client.get(), *ended_by_);
      }
      serve_client(worker.client, options_);
      const std::lock_guard lock(mutex_);
      worker.client.reset();
      if (--clients_ == 0) all_ended_.notify_all();
    }
  }

  // Wakes the threads that wait in recv or send (shutdown(2)); the mutex is held, so that no
  // descriptor in the list can be closed, and its number given to another client, meanwhile.
  void end_clients(int how) {
    ended_by_ = how;
    for (const Worker& worker : workers_) ::shutdown(worker.client.get(), how);
  }

  const Options& options_;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::list<Worker> workers_;
  std::size_t clients_ = 0;
  std::optional<int> ended_by_;
  ClientQueue queue_;
};

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  ThreadPool pool(options);
  pool.start();
  while (pool.wait_for_place(shutdown) && listener.wait_readable(shutdown)) {
    // accept(2): takes the oldest connection from the backlog, as a socket of its own.
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
      listener.accept_failed(errno);
      continue;
    }
    if (pool.count() >= options.max_clients) {
      listener.turned_away("--max-clients are connected");
      continue;
    }
    pool.submit(std::move(client));
  }
  log::event("SHUTTING DOWN");
  listener.close();
  pool.finish();
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("thread-pool", argc, argv, echolab::run, {"--workers=10"});
}
