// lost-wakeup: newcomers that arrive together wake one worker between them.
//
// The symptom: of clients that connect at the same moment only one is served; the others wait in
// the queue until it leaves, while the other workers sleep.
// The story: main takes all newcomers at once, under one lock, and then calls notify_one: there is
// something to do. But the worker that wakes takes one client; for the second and third nobody is
// called. On the desk clients come one by one, and each has its own call.
// The fix: one notify_one for each client put in (or notify_all); it costs nothing when nobody
// sleeps.
//
// Model: pool

#include <condition_variable>
#include <deque>
#include <mutex>

#include "student.h"

namespace {

constexpr int kWorkers = 4;

std::mutex mutex;
std::condition_variable has_client;
std::deque<int> queue;

int take() {
  std::unique_lock lock(mutex);
  has_client.wait(lock, [] { return !queue.empty(); });
  const int client = queue.front();
  queue.pop_front();
  return client;
}

void work() {
  for (;;) zoo::serve_client(take());
}

/// Puts all who wait at the listener into the queue. False in a shortage of descriptors.
bool put_newcomers(int listener) {
  const std::lock_guard lock(mutex);
  const bool has_room = zoo::accept_waiting(listener, [](int client) { queue.push_back(client); });
  has_client.notify_one();
  return has_room;
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  for (int i = 0; i < kWorkers; ++i) std::thread(work).detach();
  for (;;) {
    pollfd polled{listener, POLLIN, 0};
    if (::poll(&polled, 1, -1) < 0) continue;
    if (!put_newcomers(listener)) ::poll(nullptr, 0, zoo::kRest);
  }
}
