// asio-callbacks: say what is to happen when it is done
// The idea: start an operation and hand over the code that goes on when it has completed. Asio
// keeps the loop; the program is what happens between two completions.
// What blocks, and where: epoll_wait, inside io_context::run. Nothing else.
// State per client, and who owns it: a Client, shared by the callbacks that wait for it: when none
// is left it is destroyed, and its socket closed.
// What one more client costs: some kilobytes, its receive buffer among them. Silent clients cost
// no time: epoll reports who is ready, and nobody asks about the others.
// How it fails: a callback that blocks or computes for long stalls every client, and one that does
// not hold the shared pointer may outlive its Client.
// Run it: ./lab run asio-callbacks --port 7007
// Compare with: diff 04_poll/poll_server.cpp 05_async/asio_callbacks_server.cpp
// Lab: 05_async/README.md

#include <array>
#include <memory>
#include <unordered_set>

#include "03_select/connection.h"
#include "05_async/asio_types.h"
#include "common/client_record.h"
#include "common/linger.h"
#include "common/server_main.h"
#include "common/services/services.h"

namespace echolab {

using Clients = std::unordered_set<class Client*>;

class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(Socket socket, const Options& options, Clients& connected)
      : socket_(closed_on_exec(std::move(socket))), options_(options), connected_(connected) {
    connected_.insert(this);
  }
  ~Client() {
    if (!session_->finished()) record_.failed(ClientRecord::kCutOff);
    connected_.erase(this);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // BEGIN go_on
  /// Starts the one operation that the session needs next. Its callback comes back here; when the
  /// session has finished there is none, and with the last callback goes the last pointer to this.
  void go_on() {
    if (options_.idle_timeout.count() != 0) restart_idle_timer();
    if (!session_->output().empty()) return send();
    if (session_->wants_input()) return receive();
    if (session_->closes_first() || Shutdown::requested()) linger();
  }
  // END go_on

  /// The server shuts down: what has arrived is still answered, and then the stream ends.
  void end_input() { ::shutdown(socket_.native_handle(), SHUT_RD); }

 private:
  // BEGIN receive
  void receive() {
    // BEGIN SOLUTION: start to receive; the callback holds this client, tells the session, goes on.
    auto on_received = [self = shared_from_this()](Error error, std::size_t count) {
      if (error && error != asio::error::eof) return self->fail(error, "recv");
      if (!error) self->session_->receive(std::span(self->buffer_).first(count));
      if (error) self->session_->receive_eof();
      self->go_on();
    };
    socket_.async_read_some(asio::buffer(buffer_), std::move(on_received));
    // END SOLUTION
  }
  // END receive

  void send() {
    // BEGIN SOLUTION: start to send the output; the callback tells session and record, goes on.
    auto on_sent = [self = shared_from_this()](Error error, std::size_t count) {
      if (error) return self->fail(error, "send");
      self->session_->sent(count);
      self->record_.sent(count);
      self->go_on();
    };
    socket_.async_write_some(as_buffer(session_->output()), std::move(on_sent));
    // END SOLUTION
  }

  void fail(Error e, const char* call) { record_.failed(std::system_error(e, call).what()); }

  void restart_idle_timer() {
    timer_.expires_after(options_.idle_timeout);  // cancels the wait before
    timer_.async_wait([weak = weak_from_this()](Error cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->timer_.expiry() > std::chrono::steady_clock::now()) return;
      self->record_.failed(ClientRecord::kIdleTooLong);
      self->socket_.close();  // the pending operation completes, with an error
    });
  }

  void linger() {
    if (lingering_.done()) return;
    timer_.expires_after(Shutdown::kPause);
    timer_.async_wait([self = shared_from_this()](Error) { self->linger(); });
  }

  Socket socket_;
  const Options& options_;
  asio::steady_timer timer_{socket_.get_executor()};
  std::unique_ptr<Session> session_ = make_session(options_.service);
  std::array<std::byte, Session::kMaxReceive> buffer_;
  ClientRecord record_{socket_.native_handle()};
  LingeringClose lingering_{socket_.native_handle()};
  Clients& connected_;
};

void accept(Acceptor& acceptor, Listener& listener, const Options& options, Clients& clients) {
  acceptor.async_accept([&](Error error, Socket socket) {
    if (!acceptor.is_open()) return;
    const bool is_full = clients.size() >= options.max_clients;
    if (error) listener.accept_failed(error.value());
    if (!error && is_full) listener.turned_away("--max-clients are connected");
    if (!error && !is_full)
      admit(listener,
            [&] { std::make_shared<Client>(std::move(socket), options, clients)->go_on(); });
    if (!listener.resting()) return accept(acceptor, listener, options, clients);
    auto rest = std::make_shared<asio::steady_timer>(acceptor.get_executor(), Listener::kRest);
    rest->async_wait([&, rest](Error) { accept(acceptor, listener, options, clients); });
  });
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  Clients clients;  // outlives `io`, whose end destroys what callbacks hold
  asio::io_context io(1);
  Acceptor acceptor(io, listener.is_ipv6() ? tcp::v6() : tcp::v4(), duplicate(listener.fd()));
  asio::posix::stream_descriptor shutdown_requested(io, duplicate(shutdown.fd()));

  accept(acceptor, listener, options, clients);
  shutdown_requested.async_wait(asio::posix::stream_descriptor::wait_read, [&](Error) {
    log::event("SHUTTING DOWN");
    acceptor.close();
    listener.close();
    for (Client* client : clients) client->end_input();
    io.stop();
  });
  run_all(io, listener);
  io.restart();
  while (!clients.empty() && !shutdown.grace_over()) io.run_one_for(std::chrono::milliseconds(100));
}

}  // namespace echolab

int main(int argc, char** argv) {
  return echolab::server_main("asio-callbacks", argc, argv, echolab::run);
}
