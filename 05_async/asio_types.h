#pragma once

#include <fcntl.h>

#include <cstddef>
#include <span>

#include <asio.hpp>

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

}  // namespace echolab
