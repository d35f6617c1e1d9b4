#include "02_threads/gui/line_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/system_error.h"

namespace echolab {

LineConnection::LineConnection(UniqueFd socket) : socket_(std::move(socket)) {}

void LineConnection::send(std::string_view line) {
  if (pending_.size() - sent_ + line.size() >= kMaxPending) {
    throw Failure("ERROR", "The server does not read what it is sent. Its log may say why.");
  }
  pending_.erase(0, std::exchange(sent_, 0));
  const std::size_t start = pending_.size();
  pending_ += line;
  const auto is_line_end = [](char character) { return character == '\n' || character == '\r'; };
  std::replace_if(pending_.begin() + static_cast<std::ptrdiff_t>(start), pending_.end(),
                  is_line_end, ' ');
  pending_ += '\n';
}

std::vector<std::string> LineConnection::on_readable() {
  std::array<char, std::size_t{32} * 1024> buffer;
  // recv(2) returns what has arrived: a line may come in pieces, and two in one.
  const ssize_t received = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (received < 0 && would_block(errno)) return {};
  if (received < 0) throw failure_of(system_error("recv"));
  received_.append(buffer.data(), static_cast<std::size_t>(received));
  if (received == 0 && send_failure_) throw *send_failure_;
  at_end_ = received == 0;
  return take_lines();
}

std::vector<std::string> LineConnection::take_lines() {
  std::vector<std::string> lines;
  std::size_t taken = 0;
  const auto take = [&](std::size_t end) {
    std::string& line = lines.emplace_back(received_, taken, end - taken);
    if (line.ends_with('\r')) line.pop_back();
  };
  for (std::size_t newline = 0; (newline = received_.find('\n', taken)) != std::string::npos;) {
    take(newline);
    taken = newline + 1;
  }
  if (at_end_ && taken < received_.size()) {  // the last line may lack its end
    take(received_.size());
    taken = received_.size();
  }
  received_.erase(0, taken);
  if (received_.size() > kMaxLine) {
    throw Failure("ERROR", "The server sends a line without an end: it is no server of lines.");
  }
  return lines;
}

void LineConnection::on_writable() {
  while (wants_output()) {
    // send(2) may take less than it is offered. MSG_NOSIGNAL: a server that has gone is an error
    // to show, not a SIGPIPE that ends the program.
    const ssize_t sent =
        ::send(fd(), pending_.data() + sent_, pending_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0 && would_block(errno)) return;  // wants_output() stays true
    if (sent < 0) send_failure_ = failure_of(system_error("send"));
    sent_ = sent < 0 ? pending_.size() : sent_ + static_cast<std::size_t>(sent);
  }
}

}  // namespace echolab
