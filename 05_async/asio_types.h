#pragma once

#include <fcntl.h>

#include <cstddef>
#include <exception>
#include <new>
#include <span>

#include <asio.hpp>

#include "common/listener.h"

/// What both servers on Asio call its parts.
namespace echolab {

using asio::ip::tcp;
using Error = asio::error_code;
// Asio's default executor may be of any kind; to name the kind spares an indirection a call.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

/// `bytes` as Asio takes them. They are not copied: they must stay until they are sent.
[[nodiscard]] inline asio::const_buffer as_buffer(std::span<const std::byte> bytes) {
  return {bytes.data(), bytes.size()};
}

/// A client's socket that no program started later inherits: Asio accepts it without SOCK_CLOEXEC.
[[nodiscard]] inline Socket closed_on_exec(Socket socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);  // fcntl(2)
  return socket;
}

/// The end of a coroutine, which hands what was thrown in it to io_context::run. Clients' troubles
/// end earlier: what comes here is a shortage of memory, or a bug.
constexpr auto kAtEnd = [](const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
};

/// Runs until there is nothing left to do, or `io` is stopped. The callback or coroutine that finds
/// no memory ends, and its client with it; all others go on.
inline void run_all(asio::io_context& io, Listener& listener) {
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::bad_alloc& shortage) {
      listener.turned_away(shortage.what());
    }
  }
}

}  // namespace echolab
