#include "01_iterative/client/ping.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "01_iterative/client/failure.h"
#include "01_iterative/client/ping_statistics.h"
#include "01_iterative/client/screen.h"
#include "01_iterative/client/wait_until_ready.h"
#include "common/escape.h"
#include "common/socket_address.h"
#include "common/system_error.h"

namespace echolab {
namespace {

constexpr std::string_view kPong = "pong";

/// The answers in the stream of bytes, whatever the pieces they come in.
class Answers {
 public:
  explicit Answers(Framing framing) : framing_(framing) {}

  void receive(std::string_view bytes) { buffer_ += bytes; }

  /// The next answer that is complete: a line or, where there are no lines, `pong`, and anything
  /// that cannot become one.
  std::optional<std::string> next() {
    if (framing_ == Framing::kChunk) return next_chunk();
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos && buffer_.size() <= MessageReader::kMaxLine) return {};
    std::string answer = take(std::min(end, buffer_.size()));
    if (end != std::string::npos) take(1);
    if (answer.ends_with('\r')) answer.pop_back();
    return answer;
  }

  void clear() { buffer_.clear(); }

 private:
  std::optional<std::string> next_chunk() {
    buffer_.erase(0, buffer_.find_first_not_of("\r\n"));
    if (kPong.starts_with(buffer_) && buffer_ != kPong) return {};
    return take(buffer_.starts_with(kPong) ? kPong.size() : buffer_.size());
  }

  std::string take(std::size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
  }

  Framing framing_;
  std::string buffer_;
};

class Pinger {
 public:
  Pinger(const UniqueFd& server, const ClientOptions& options, int interrupt)
      : server_(server),
        options_(options),
        interrupt_(interrupt),
        screen_(interrupt),
        answers_(options.framing),
        address_(escaped(host_and_port(options.server.host, options.server.port))) {}

  void run() {
    screen_.show(fmt::format("PING {}\n", address_));
    for (unsigned number = 1; number <= options_.pings; ++number) ping_once(number);
    say_done();
  }

  void show_summary() {
    screen_.show(fmt::format("--- {} ping statistics ---\n{}", address_, statistics_.summary()));
  }

  // For the end by an interrupt: the screen must not keep the user waiting any longer.
  void show_summary_at_once() {
    screen_.stop_waiting();
    screen_.finish_line();
    show_summary();
  }

  void throw_unless_complete() const {
    if (wrong_answers_) {
      throw Failure("ERROR", "Not all answers were `pong`. The server needs --service pingpong.");
    }
    if (!statistics_.is_complete()) throw timeout_failure("answer", options_.server.timeout);
  }

 private:
  void ping_once(unsigned number) {
    report_surplus();
    const Clock::time_point sent_at = Clock::now();
    statistics_.sent();
    send("ping", sent_at + options_.server.timeout);
    if (const auto answer = receive_answer(sent_at + options_.server.timeout)) {
      return take_answer(number, *answer, Clock::now() - sent_at);
    }
    show(number, "no answer");
    // The pings are all alike: an answer that is late must not be taken for that of the next one.
    if (receive_answer(sent_at + 2 * options_.server.timeout)) {
      show(number, "answered too late, after " + to_text(Clock::now() - sent_at));
    }
  }

  void take_answer(unsigned number, const std::string& answer, Clock::duration time) {
    if (answer != kPong) {
      wrong_answers_ = true;
      return show(number, fmt::format("wrong answer '{}'", escaped(answer)));
    }
    statistics_.received(time);
    show(number, "time=" + to_text(time));
  }

  void report_surplus() {
    while (const auto surplus = answers_.next()) {
      wrong_answers_ = true;
      screen_.show(fmt::format("{}: surplus answer '{}'\n", address_, escaped(*surplus)));
    }
  }

  void show(unsigned number, const std::string& what) {
    screen_.show(fmt::format("{}: seq={} {}\n", address_, number, what));
  }

  std::optional<std::string> receive_answer(Clock::time_point deadline) {
    for (;;) {
      if (auto answer = answers_.next()) return answer;
      if (!wait_until_ready(server_.get(), POLLIN, deadline, interrupt_)) return {};
      if (!receive()) throw Failure("CLOSED", "The server has closed the connection.");
    }
  }

  // False at the end of the stream.
  bool receive() {
    std::array<char, 4096> buffer;
    const ssize_t received = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
    if (received < 0 && !would_block(errno)) throw failure_of(system_error("recv"));
    if (received > 0) answers_.receive({buffer.data(), static_cast<std::size_t>(received)});
    return received != 0;
  }

  void send(std::string_view word, Clock::time_point deadline) {
    std::string message(word);
    if (options_.framing == Framing::kLine) message += '\n';
    while (!message.empty() && wait_until_ready(server_.get(), POLLOUT, deadline, interrupt_)) {
      const ssize_t sent = ::send(server_.get(), message.data(), message.size(), MSG_NOSIGNAL);
      if (sent < 0 && !would_block(errno)) throw failure_of(system_error("send"));
      if (sent > 0) message.erase(0, static_cast<std::size_t>(sent));
    }
    if (!message.empty()) throw timeout_failure("room for a message", options_.server.timeout);
  }

  // All answers are there. How the server takes leave does not change that.
  void say_done() {
    const Clock::time_point deadline = Clock::now() + options_.server.timeout;
    try {
      send("done", deadline);
      ::shutdown(server_.get(), SHUT_WR);
      while (wait_until_ready(server_.get(), POLLIN, deadline, interrupt_) && receive()) {
        answers_.clear();
      }
    } catch (const Interrupted&) {
      throw;
    } catch (const Failure&) {
      return;
    }
  }

  const UniqueFd& server_;
  const ClientOptions& options_;
  int interrupt_;
  Screen screen_;
  Answers answers_;
  PingStatistics statistics_;
  std::string address_;
  bool wrong_answers_ = false;
};

}  // namespace

void ping(const UniqueFd& server, const ClientOptions& options, int interrupt) {
  Pinger pinger(server, options, interrupt);
  try {
    pinger.run();
  } catch (const Failure&) {
    pinger.show_summary_at_once();
    throw;
  }
  pinger.show_summary();
  pinger.throw_unless_complete();
}

}  // namespace echolab
