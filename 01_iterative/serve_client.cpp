#include "01_iterative/serve_client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>

#include "common/client_record.h"
#include "common/linger.h"
#include "common/services/services.h"
#include "common/shutdown.h"
#include "common/system_error.h"

namespace echolab {
namespace {

// SO_RCVTIMEO and SO_SNDTIMEO, socket(7): a recv or send that has blocked for so long fails with
// EAGAIN. 0 stands for no limit.
void limit_blocking(const UniqueFd& client, std::chrono::milliseconds limit) {
  const timeval timeout{limit.count() / 1000, limit.count() % 1000 * 1000};
  for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(client.get(), SOL_SOCKET, direction, &timeout, sizeof timeout) < 0) {
      throw system_error("setsockopt");
    }
  }
}

[[noreturn]] void throw_failure_of(const char* call) {
  if (errno == EAGAIN) throw std::runtime_error(ClientRecord::kIdleTooLong);
  throw system_error(call);
}

// recv(2) returns what has arrived, at least a byte: a message may come in pieces, and two in one.
void receive(const UniqueFd& client, Session& session) {
  // BEGIN SOLUTION: call recv() once, and tell the session: bytes, or the end; throw on failure.
  std::array<std::byte, Session::kMaxReceive> buffer;
  const ssize_t received = ::recv(client.get(), buffer.data(), buffer.size(), 0);
  if (received > 0) {
    session.receive(std::span(buffer).first(static_cast<std::size_t>(received)));
  } else if (received == 0) {
    session.receive_eof();
  } else if (errno != EINTR) {
    throw_failure_of("recv");
  }
  // END SOLUTION
}

// BEGIN send_output
// send(2) may take less than it is offered, so whoever calls it once loses bytes. MSG_NOSIGNAL: a
// client that has gone is an error to handle here, not a SIGPIPE that ends the process.
void send_output(const UniqueFd& client, Session& session, ClientRecord& record) {
  // BEGIN SOLUTION: send() until the output is empty; tell session and record what was sent.
  while (!session.output().empty()) {
    const auto output = session.output();
    const ssize_t sent = ::send(client.get(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      session.sent(static_cast<std::size_t>(sent));
      record.sent(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      throw_failure_of("send");
    }
  }
  // END SOLUTION
}
// END send_output

void close_gently(const UniqueFd& client) {
  LingeringClose lingering(client.get());
  while (!lingering.done() && !Shutdown::grace_over()) {
    std::this_thread::sleep_for(Shutdown::kPause);
  }
}

}  // namespace

// BEGIN serve_client
void serve_client(const UniqueFd& client, const Options& options) {
  ClientRecord record(client.get());
  try {
    limit_blocking(client, options.idle_timeout);
    const std::unique_ptr<Session> session = make_session(options.service);
    send_output(client, *session, record);  // some services speak first
    // BEGIN SOLUTION: receive and send in turns, until the session has finished.
    while (!session->finished()) {
      receive(client, *session);
      send_output(client, *session, record);
    }
    // END SOLUTION
    if (session->closes_first() || Shutdown::requested()) close_gently(client);
  } catch (const std::exception& error) {
    record.failed(error.what());
  }
}
// END serve_client

}  // namespace echolab
