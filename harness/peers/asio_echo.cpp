// Standalone Asio: the asynchronous echo server of its own examples (cpp11/echo), callbacks on one
// thread.
//
// Added to it: answers leave at once (no_delay). The example's buffer of 1 KiB is of 32 KiB here,
// as the kit's. It stands without what the kit's asio-callbacks has around it: limits, logs,
// shutdown.
//
// usage: peer_asio PORT

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

#include <asio.hpp>

using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    auto on_read = [self = shared_from_this()](std::error_code error, std::size_t length) {
      if (!error) self->write(length);
    };
    socket_.async_read_some(asio::buffer(data_), on_read);
  }

 private:
  void write(std::size_t length) {
    auto on_written = [self = shared_from_this()](std::error_code error, std::size_t) {
      if (!error) self->read();
    };
    asio::async_write(socket_, asio::buffer(data_, length), on_written);
  }

  tcp::socket socket_;
  std::array<char, 32 * 1024> data_;
};

class Server {
 public:
  Server(asio::io_context& io, unsigned short port)
      : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), port)) {
    acceptor_.set_option(tcp::no_delay(true));  // accepted sockets inherit it
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Session>(std::move(socket))->read();
      accept();
    });
  }

  tcp::acceptor acceptor_;
};

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: peer_asio PORT\n");
    return 2;
  }
  try {
    asio::io_context io;
    const Server server(io, static_cast<unsigned short>(std::atoi(argv[1])));
    io.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peer_asio: %s\n", error.what());
    return 1;
  }
}
