// pool-server: nothing is wrong here. Four workers take turns of clients from a queue; one more
// thread waits, by poll, for clients who have something to say, and puts them there.
//
// What it takes care of: a worker has a client for one turn only, and never waits for it, so that
// silent clients and slow readers hold no worker; a client is either polled, or queued, or with one
// worker, never two of these; every item in the queue is announced; the lock is not held while a
// client is served; a pipe wakes the poller when a client is given back.
// Compare with: pool-exhausted-by-idle, lost-wakeup, shared-buffer.
//
// Model: pool

#include <condition_variable>
#include <deque>
#include <mutex>

#include "../student.h"

namespace {

using Clients = std::map<int, zoo::Client>;

constexpr int kWorkers = 4;

struct Pool {
  std::mutex mutex{};
  std::condition_variable has_work{};
  std::deque<zoo::Client> queue{};      ///< ready for a turn
  std::vector<zoo::Client> returned{};  ///< to be polled again
  int wake_up[2]{};                     ///< the pipe: a byte means that clients were given back

  void submit(zoo::Client client) {
    const std::lock_guard lock(mutex);
    queue.push_back(std::move(client));
    has_work.notify_one();
  }

  zoo::Client take() {
    std::unique_lock lock(mutex);
    has_work.wait(lock, [this] { return !queue.empty(); });
    zoo::Client client = std::move(queue.front());
    queue.pop_front();
    return client;
  }

  void give_back(zoo::Client client) {
    const std::lock_guard lock(mutex);
    returned.push_back(std::move(client));
    while (::write(wake_up[1], "", 1) < 0 && errno == EINTR) {
    }  // and if the pipe is full (EAGAIN), then of earlier calls: as good
  }

  void collect(Clients& clients) {
    char bytes[256];
    while (::read(wake_up[0], bytes, sizeof bytes) > 0) continue;
    const std::lock_guard lock(mutex);
    for (zoo::Client& client : returned) clients[client.fd] = std::move(client);
    returned.clear();
  }
};

void work(Pool& pool) {
  for (;;) {
    zoo::Client client = pool.take();
    if (zoo::serve_turn(client)) {
      pool.give_back(std::move(client));
    } else {
      ::close(client.fd);
    }
  }
}

void submit_ready(Pool& pool, Clients& clients, const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    if (entry.revents == 0 || !clients.contains(entry.fd)) continue;
    pool.submit(std::move(clients[entry.fd]));
    clients.erase(entry.fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  Pool pool;
  if (::pipe2(pool.wake_up, O_NONBLOCK | O_CLOEXEC) < 0) zoo::die("pipe2");
  for (int worker = 0; worker < kWorkers; ++worker) std::thread(work, std::ref(pool)).detach();
  Clients clients;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    std::vector<pollfd> polled{{rests ? -1 : listener, POLLIN, 0}, {pool.wake_up[0], POLLIN, 0}};
    for (const auto& [fd, client] : clients) polled.push_back({fd, client.events(), 0});
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    submit_ready(pool, clients, polled);
    if (polled[1].revents != 0) pool.collect(clients);
    if (!rests && polled[0].revents == 0) continue;
    rests = !zoo::accept_waiting(listener, [&](int fd) {
      zoo::set_non_blocking(fd);
      clients[fd].fd = fd;
    });
  }
}
