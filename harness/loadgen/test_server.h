#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "common/unique_fd.h"

namespace echolab::loadgen {

/// Sends all of `bytes`; false when the client has gone. For the servers of tests.
inline bool send_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Receives exactly `bytes.size()` bytes; false when the client has gone.
inline bool receive_all(int fd, std::span<std::byte> bytes) {
  return ::recv(fd, bytes.data(), bytes.size(), MSG_WAITALL) == static_cast<ssize_t>(bytes.size());
}

/// Reads until the client's end of stream, and throws it all away.
inline void discard_all(int fd, std::size_t /*client*/ = 0) {
  std::array<std::byte, 4096> buffer{};
  while (::recv(fd, buffer.data(), buffer.size(), 0) > 0) continue;
}

/// What a good server does with a client.
inline void echo(int fd, std::size_t /*client*/ = 0) {
  std::vector<std::byte> buffer(64 * 1024);
  for (;;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0 || !send_all(fd, std::span(buffer).first(static_cast<std::size_t>(got)))) return;
  }
}

/// A server on a free loopback port that treats each client as the test says, on a thread of the
/// client's own or one client after the other. It closes the connection afterwards.
class TestServer {
 public:
  /// Gets the connection, and the client's number in the order of accept(2).
  using Serve = std::function<void(int fd, std::size_t client)>;
  enum class Model { kThreadPerClient, kIterative };

  explicit TestServer(Serve serve, Model model = Model::kThreadPerClient, int family = AF_INET)
      : serve_(std::move(serve)),
        model_(model),
        listener_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address = loopback(family);
    if (::bind(listener_.get(), as_sockaddr(address), size_of(address)) != 0 ||
        ::listen(listener_.get(), SOMAXCONN) != 0) {
      throw std::system_error(errno, std::system_category(), "bind or listen");
    }
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), as_sockaddr(address), &size);
    std::memcpy(&port_, reinterpret_cast<const char*>(&address) + offsetof(sockaddr_in, sin_port),
                sizeof port_);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  /// Ends all conversations, however stuck they are.
  ~TestServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    stopping_ = true;
    end_conversations();
    acceptor_.join();
    end_conversations();  // one may have been accepted in between
    for (Client& client : clients_) {
      if (client.thread.joinable()) client.thread.join();
    }
  }

  [[nodiscard]] std::uint16_t port() const { return ::ntohs(port_); }
  /// How many connections were accepted so far.
  [[nodiscard]] std::size_t accepted() const { return accepted_; }

 private:
  struct Client {
    UniqueFd socket;
    std::thread thread;
  };

  static sockaddr_storage loopback(int family) {
    sockaddr_storage storage{};
    if (family == AF_INET) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
      std::memcpy(&storage, &address, sizeof address);
    } else {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      std::memcpy(&storage, &address, sizeof address);
    }
    return storage;
  }

  static sockaddr* as_sockaddr(sockaddr_storage& storage) {
    return reinterpret_cast<sockaddr*>(&storage);
  }

  static socklen_t size_of(const sockaddr_storage& storage) {
    return storage.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++accepted_;
      start_conversation(add_client(fd), fd);
    }
  }

  void start_conversation(std::size_t client, int fd) {
    if (model_ == Model::kIterative) return converse(client, fd);
    const std::lock_guard lock(mutex_);
    clients_[client].thread = std::thread([this, client, fd] { converse(client, fd); });
  }

  std::size_t add_client(int fd) {
    const std::lock_guard lock(mutex_);
    clients_.push_back({UniqueFd(fd), std::thread()});
    if (stopping_) ::shutdown(fd, SHUT_RDWR);
    return clients_.size() - 1;
  }

  void converse(std::size_t client, int fd) {
    serve_(fd, client);
    const std::lock_guard lock(mutex_);
    clients_[client].socket.reset();
  }

  void end_conversations() {
    const std::lock_guard lock(mutex_);
    for (const Client& client : clients_) {
      if (client.socket) ::shutdown(client.socket.get(), SHUT_RDWR);
    }
  }

  Serve serve_;
  Model model_;
  UniqueFd listener_;
  in_port_t port_ = 0;
  std::atomic<std::size_t> accepted_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards clients_
  std::vector<Client> clients_;
  std::thread acceptor_;
};

}  // namespace echolab::loadgen
