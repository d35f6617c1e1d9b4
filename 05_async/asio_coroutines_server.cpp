// asio-coroutines: the callbacks' program, written in straight lines
// The idea: co_await starts an operation and suspends the function; the completion resumes it where
// it stood. So the loop of lab 01 comes back, and yet one thread serves all clients.
// What blocks, and where: epoll_wait, inside io_context::run. Nothing else.
// State per client, and who owns it: a Client, owned by the frame of the coroutine that serves it.
// What one more client costs: some kilobytes, with its receive buffer. While it is silent, no time.
// How it fails: a coroutine that blocks stalls every client; what a detached one throws is lost.
// Run it: ./lab run asio-coroutines --port 7007
// Compare with: diff 05_async/asio_callbacks_server.cpp 05_async/asio_coroutines_server.cpp
// Lab: 05_async/README.md

#include <array>
#include <memory>
#include <unordered_set>

#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include "03_select/connection.h"
#include "05_async/asio_types.h"
#include "common/client_record.h"
#include "common/linger.h"
#include "common/server_main.h"
#include "common/services/services.h"

namespace echolab {

using asio::experimental::awaitable_operators::operator||;
using Clients = std::unordered_set<class Client*>;
using Task = asio::awaitable<void, Executor>;
// co_await returns an operation's error beside its result: it is ordinary life, and not thrown.
const auto kOutcome = asio::experimental::as_tuple(asio::use_awaitable_t<Executor>());

class Client {
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

  /// The coroutine whose frame owns the client, from the first byte to the close.
  static Task serve(std::unique_ptr<Client> client) {
    const bool is_patient = client->options_.idle_timeout.count() == 0;
    if (is_patient) co_await client->converse();
    // Of the two, the one that ends first cancels the other.
    if (!is_patient) co_await (client->converse() || client->wait_until_idle());
    if (client->session_->closes_first() || Shutdown::requested()) co_await client->linger();
  }

  /// The server shuts down: what has arrived is still answered, and then the stream ends.
  void end_input() { ::shutdown(socket_.native_handle(), SHUT_RD); }

 private:
  // BEGIN converse
  /// 01_iterative/serve_client.cpp: where that one blocks, this one is suspended.
  Task converse() try {
    while (!session_->finished()) {
      if (options_.idle_timeout.count() != 0) timer_.expires_after(options_.idle_timeout);
      const auto output = as_buffer(session_->output());
      if (output.size() != 0) {
        const auto [error, count] = co_await socket_.async_write_some(output, kOutcome);
        if (error) throw std::system_error(error, "send");
        session_->sent(count);
        record_.sent(count);
      } else {
        const auto input = asio::buffer(buffer_);
        const auto [error, count] = co_await socket_.async_read_some(input, kOutcome);
        if (error && error != asio::error::eof) throw std::system_error(error, "recv");
        if (!error) session_->receive(std::span(buffer_).first(count));
        if (error) session_->receive_eof();
      }
    }
  } catch (const std::exception& error) {
    record_.failed(error.what());
  }
  // END converse

  Task wait_until_idle() {
    const auto is_over = [this] { return timer_.expiry() <= std::chrono::steady_clock::now(); };
    // A loop that is late hears of the time-out beside what came in time: so it looks twice.
    for (int looks = 0; looks < 2; looks = is_over() ? looks + 1 : 0)
      co_await timer_.async_wait(kOutcome);
    record_.failed(ClientRecord::kIdleTooLong);
  }

  Task linger() {
    while (session_->finished() && !lingering_.done()) {
      timer_.expires_after(Shutdown::kPause);
      co_await timer_.async_wait(kOutcome);
    }
  }

  Socket socket_;
  const Options& options_;
  asio::steady_timer timer_{socket_.get_executor(), options_.idle_timeout};
  std::unique_ptr<Session> session_ = make_session(options_.service);
  std::array<std::byte, Session::kMaxReceive> buffer_;
  ClientRecord record_{socket_.native_handle()};
  LingeringClose lingering_{socket_.native_handle()};
  Clients& connected_;
};

Task accept(Acceptor& acceptor, Listener& listener, const Options& options, Clients& clients) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kOutcome);
    if (!acceptor.is_open()) co_return;
    const bool is_full = clients.size() >= options.max_clients;
    if (error) listener.accept_failed(error.value());
    if (!error && is_full) listener.turned_away("--max-clients are connected");
    if (!error && !is_full)
      admit(listener, [&, &newcomer = socket] {
        auto client = std::make_unique<Client>(std::move(newcomer), options, clients);
        asio::co_spawn(acceptor.get_executor(), Client::serve(std::move(client)), kAtEnd);
      });
    if (!listener.resting()) continue;
    asio::steady_timer rest(acceptor.get_executor(), Listener::kRest);
    co_await rest.async_wait(kOutcome);
  }
}

void run(Listener& listener, const Options& options, Shutdown& shutdown) {
  Clients clients;  // outlives `io`, whose end destroys what coroutines hold
  asio::io_context io(1);
  Acceptor acceptor(io, listener.is_ipv6() ? tcp::v6() : tcp::v4(), duplicate(listener.fd()));
  asio::posix::stream_descriptor shutdown_requested(io, duplicate(shutdown.fd()));

  asio::co_spawn(io, accept(acceptor, listener, options, clients), kAtEnd);
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
  return echolab::server_main("asio-coroutines", argc, argv, echolab::run);
}
