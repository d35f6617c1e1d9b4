// pool-exhausted-by-idle: each thread of a fixed pool belongs to one client until that client
// leaves.
//
// The symptom: four clients that connect and say nothing are enough. The fifth is accepted and
// never heard, although the machine is idle; when one of the four leaves, the fifth is served.
// The story: a thread for each client seemed too many, so the pool has as many as the machine has
// cores. A load test with busy clients that leave soon runs well, and faster than before.
// The fix: hand a pool requests, not clients: let poll watch the silent ones, and give a thread a
// client only while there is something to read. Or close whoever is silent for too long.
//
// Model: pool

#include <condition_variable>
#include <deque>
#include <mutex>

#include "student.h"

namespace {

constexpr int kWorkers = 4;

/// Clients that no worker has taken yet.
class Queue {
 public:
  void put(int client) {
    {
      const std::lock_guard lock(mutex_);
      clients_.push_back(client);
    }
    has_client_.notify_one();
  }

  int take() {
    std::unique_lock lock(mutex_);
    has_client_.wait(lock, [this] { return !clients_.empty(); });
    const int client = clients_.front();
    clients_.pop_front();
    return client;
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_client_;
  std::deque<int> clients_;
};

Queue queue;

void work() {
  for (;;) zoo::serve_client(queue.take());
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (int i = 0; i < kWorkers; ++i) std::thread(work).detach();
  for (;;) queue.put(zoo::accept_client(listener));
}
