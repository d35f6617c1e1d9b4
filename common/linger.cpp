#include "common/linger.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>

namespace echolab {
namespace {

// Of this thread: an event loop asks about its own clients.
thread_local std::size_t lingering_count = 0;

// Bounded, since a client that never stops sending must not keep an event loop here.
constexpr int kMaxReceives = 64;

// True if there was any.
bool throw_away_input(int client) {
  std::array<char, 32 * 1024> unwanted;
  for (int i = 0; i < kMaxReceives; ++i) {
    if (::recv(client, unwanted.data(), unwanted.size(), MSG_DONTWAIT) <= 0) return i != 0;
  }
  return true;
}

// TCP_INFO, tcp(7): after a reset nothing will be acknowledged any more.
bool is_reset(int client) {
  tcp_info info{};
  socklen_t length = sizeof info;
  return ::getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
         info.tcpi_state == TCP_CLOSE;
}

// tcp(7), SIOCOUTQ: bytes that the other kernel has not acknowledged.
bool is_acknowledged(int client) {
  int unacknowledged = 0;
  return ::ioctl(client, SIOCOUTQ, &unacknowledged) < 0 || unacknowledged == 0;
}

}  // namespace

LingeringClose::~LingeringClose() {
  if (gives_up_at_) --lingering_count;
}

bool LingeringClose::any() {
  return lingering_count != 0;
}

bool LingeringClose::done() {
  if (!gives_up_at_) {
    gives_up_at_ = Clock::now() + kLongest;
    ++lingering_count;
  }
  // While the client is still sending, more may come between this look and the close: then the
  // client would get a reset in place of the end.
  const bool is_sending = throw_away_input(client_);
  const bool is_delivered = !is_sending && is_acknowledged(client_);
  return is_delivered || is_reset(client_) || Clock::now() >= *gives_up_at_;
}

}  // namespace echolab
