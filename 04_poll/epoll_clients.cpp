#include "04_poll/epoll_clients.h"

#include <sys/epoll.h>

#include <iterator>
#include <utility>

#include "common/system_error.h"

namespace echolab {
namespace {

// Edge-triggered, a client that never stops sending must not keep the others from their turn.
constexpr int kMaxReceivesPerTurn = 8;

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLET;

}  // namespace

void epoll_control(const UniqueFd& epoll, int operation, int fd, std::uint32_t interest) {
  epoll_event entry{};
  entry.events = interest;
  entry.data.fd = fd;  // what epoll_wait is to report
  if (::epoll_ctl(epoll.get(), operation, fd, &entry) < 0) throw system_error("epoll_ctl");
}

EpollClients::EpollClients(const UniqueFd& epoll, const Options& options)
    : epoll_(epoll), options_(options) {}

void EpollClients::add(UniqueFd socket, Place place) {
  const int fd = socket.get();
  const std::uint32_t interest = options_.edge_triggered ? kEdges : EPOLLIN;
  // First, because this can be undone: when a socket is closed, its entry goes with it.
  epoll_control(epoll_, EPOLL_CTL_ADD, fd, interest);
  clients_.try_emplace(fd, std::move(place), std::move(socket), options_, interest);
}

void EpollClients::serve(int fd) {
  const auto found = clients_.find(fd);
  if (found == clients_.end()) return;
  Client& client = found->second;
  // EPOLLERR and EPOLLHUP come unasked for: the calls learn why, whatever it was.
  client.connection.on_writable();
  receive(client);
  if (client.connection.finished()) {
    clients_.erase(found);
  } else {
    change_interest(client);
  }
}

void EpollClients::receive(Client& client) {
  if (!options_.edge_triggered) {
    client.connection.on_readable();
    return;
  }
  for (int i = 0; i < kMaxReceivesPerTurn; ++i) {
    if (!client.connection.on_readable()) return;  // used up: EAGAIN
  }
  // epoll(7) calls this the ready list.
  ready_.splice(ready_.end(), client.turn);
}

void EpollClients::serve_ready() {
  std::list<int> ready;
  ready.swap(ready_);
  while (!ready.empty()) {
    const int fd = ready.front();
    const auto found = clients_.find(fd);
    if (found == clients_.end()) {
      ready.pop_front();  // it has gone
    } else {
      std::list<int>& turn = found->second.turn;
      turn.splice(turn.end(), ready, ready.begin());
    }
    serve(fd);
  }
}

void EpollClients::remove_finished() {
  for (auto client = clients_.begin(); client != clients_.end();) {
    client = client->second.connection.finished() ? clients_.erase(client) : std::next(client);
  }
}

void EpollClients::end_input() {
  for (auto& [fd, client] : clients_) client.connection.end_input();
}

// BEGIN change_interest
void EpollClients::change_interest(Client& client) {
  const std::uint32_t interest = interest_of(client.connection);
  if (interest == client.interest) return;  // nearly always, which spares the call
  // Of an entry without any interest hang-ups would still be reported, in every turn: a connection
  // that waits for nothing is only being closed, and that is a matter of time.
  const int operation = interest == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  epoll_control(epoll_, operation, client.connection.fd(), interest);
  client.interest = interest;
}
// END change_interest

std::uint32_t EpollClients::interest_of(const Connection& connection) const {
  std::uint32_t interest = 0;
  if (connection.wants_input()) interest |= EPOLLIN;
  if (connection.wants_output()) interest |= EPOLLOUT;
  return options_.edge_triggered && interest != 0 ? kEdges : interest;
}

}  // namespace echolab
