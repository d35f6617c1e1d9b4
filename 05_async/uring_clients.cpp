#include "05_async/uring_clients.h"

#include <utility>

#include "common/client_record.h"
#include "common/shutdown.h"

namespace echolab {

UringClients::UringClients(Ring& ring, const Options& options)
    : ring_(ring), buffers_(ring), options_(options) {}

void UringClients::add(UniqueFd socket) {
  const auto fd = static_cast<std::size_t>(socket.get());
  if (fd >= clients_.size()) clients_.resize(fd + 1);
  is_due_.resize(clients_.size());
  due_.reserve(clients_.capacity());
  clients_[fd] = std::make_unique<UringClient>(std::move(socket), options_, ring_, buffers_);
  ++size_;
  go_on_with(fd);
}

void UringClients::go_on_with(std::size_t fd) {
  if (is_due_[fd]) return;
  is_due_[fd] = true;
  due_.push_back(fd);
}

void UringClients::on_received(const Completion& completion) {
  const auto fd = static_cast<std::size_t>(completion.fd);
  clients_[fd]->on_received(completion);
  go_on_with(fd);
}

void UringClients::on_sent(const Completion& completion) {
  const auto fd = static_cast<std::size_t>(completion.fd);
  clients_[fd]->on_sent(completion);
  go_on_with(fd);
}

void UringClients::go_on() {
  for (const std::size_t fd : due_) {
    is_due_[fd] = false;
    clients_[fd]->go_on();
    if (!clients_[fd]->finished()) continue;
    clients_[fd].reset();
    --size_;
  }
  due_.clear();
}

void UringClients::end_input() {
  for (const auto& client : clients_) {
    if (client) client->end_input();
  }
}

void UringClients::sweep() {
  for (std::size_t fd = 0; fd < clients_.size(); ++fd) {
    if (!clients_[fd]) continue;
    if (Shutdown::grace_over()) clients_[fd]->fail(ClientRecord::kCutOff);
    clients_[fd]->end_if_idle();
    go_on_with(fd);
  }
  go_on();
}

}  // namespace echolab
