#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/unique_fd.h"

namespace echolab {

/// ChildProcesses, for threads: each is joined, and none is left running.
///
/// One thread owns all of them, as Python's ThreadingMixIn does. It is told by a descriptor when
/// one has ended, as by a signalfd of a process. (The threads of lab 02 need nobody to look after
/// them: each joins another, in a list that all of them share.)
class HandlerThreads {
 public:
  /// Throws std::system_error.
  HandlerThreads();
  ~HandlerThreads() { finish(); }
  HandlerThreads(const HandlerThreads&) = delete;
  HandlerThreads& operator=(const HandlerThreads&) = delete;

  /// Readable when a thread has ended.
  [[nodiscard]] int exits() const { return exits_.get(); }

  [[nodiscard]] std::size_t count() const { return threads_.size(); }

  /// A thread that handles a client, and holds a Handling meanwhile.
  void add(std::jthread thread);

  /// Joins the threads that have ended. Does not block.
  void reap();

  /// Lets the clients have what they are owed, disconnects those that do not fetch it, and joins
  /// every thread.
  void finish();

  /// To be held by a thread while it handles `client`: by it finish() wakes the thread, which may
  /// be waiting in recv or send, and by its end reap() knows that the thread has ended.
  class Handling {
   public:
    Handling(HandlerThreads& threads, const UniqueFd& client);
    ~Handling();
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

   private:
    using OnStop = std::stop_callback<std::function<void()>>;

    HandlerThreads& threads_;
    // A callback that runs while it is being destroyed is waited for: the descriptor stays the
    // client's as long as another thread may use it.
    OnStop ends_input_;
    OnStop ends_both_;
  };

 private:
  void report_end();

  UniqueFd exits_;
  std::stop_source input_ends_;
  std::stop_source grace_is_over_;
  std::unordered_map<std::thread::id, std::jthread> threads_;
  std::mutex mutex_;
  std::vector<std::thread::id> ended_;  // guarded by mutex_; the rest is the owner's alone
};

}  // namespace echolab
