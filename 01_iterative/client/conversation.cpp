#include "01_iterative/client/conversation.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/log.h"
#include "common/system_error.h"

namespace echolab {
namespace {

/// The pause that ends an answer in a conversation without lines, in milliseconds.
constexpr int kAnswerEnds = 200;
/// The pause after which a user is asked for more although an answer may be due.
constexpr int kPromptReturns = 1000;

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// ioctl_tty(2), pipe(7): how many bytes wait to be read from standard input.
bool has_unread_input() {
  int unread = 0;
  return ::ioctl(STDIN_FILENO, FIONREAD, &unread) == 0 && unread > 0;
}

}  // namespace

Conversation::Conversation(const UniqueFd& server, const ClientOptions& options, int interrupt)
    : server_(server), options_(options), screen_(interrupt), typed_(options.framing) {
  offer_prompt();
}

void Conversation::on_typed() {
  std::array<char, TypedInput::kMaxReceive> buffer;
  // read(2): a terminal gives a line, a pipe what is there, and both 0 at the end.
  const ssize_t received = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (received > 0) {
    typed_.receive({buffer.data(), static_cast<std::size_t>(received)});
    screen_.line_was_typed();
  } else if (received == 0 || errno == EIO) {  // EIO: the terminal is gone
    typed_.receive_eof();
  } else if (!would_block(errno)) {
    throw Failure("ERROR", std::string("Cannot read the input: ") + std::strerror(errno));
  }
  send_typed();
}

void Conversation::send_typed() {
  if (may_take()) take_typed();
  send_pending();
  if (typed_.finished() && pending_.empty()) end_input();
  offer_prompt();
}

// In chunks a message must be answered before the next is sent: nothing else would keep them apart.
bool Conversation::may_take() const {
  return pending_.empty() && !lost_ && !(is_in_chunks() && unanswered_ > 0);
}

void Conversation::take_typed() {
  pending_ = typed_.take();
  if (pending_.empty()) return;
  if (is_in_chunks()) screen_.show(responses_.end_line());
  unanswered_ += is_in_chunks() ? 1 : count_lines(pending_);
  heard_ = false;
}

void Conversation::send_pending() {
  while (!pending_.empty()) {
    const ssize_t sent = ::send(server_.get(), pending_.data(), pending_.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      pending_.erase(0, static_cast<std::size_t>(sent));
    } else if (would_block(errno)) {
      return;
    } else {
      lost_ = failure_of(system_error("send"));
      pending_.clear();
      end_input();
    }
  }
}

// shutdown(2) ends one direction only. The server reads to the end, answers what it owes, and ends
// the other: who closes the socket at the end of his input loses the answers underway.
void Conversation::end_input() {
  if (!input_ended_) ::shutdown(server_.get(), SHUT_WR);
  input_ended_ = true;
}

void Conversation::on_readable() {
  std::array<char, 32 * 1024> buffer;
  const ssize_t received = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
  if (received > 0) {
    show({buffer.data(), static_cast<std::size_t>(received)});
  } else if (received == 0) {
    end();
  } else if (!would_block(errno)) {
    const Failure failure = failure_of(system_error("recv"));
    screen_.show(responses_.end_line());
    throw failure;
  }
}

void Conversation::show(std::string_view bytes) {
  const std::string text = responses_.receive(bytes);
  screen_.show(text);
  heard_ = true;
  if (!is_in_chunks()) unanswered_ -= std::min(unanswered_, count_lines(text));
  offer_prompt();
}

void Conversation::end() {
  finished_ = true;
  screen_.show(responses_.end_line());
  screen_.finish_line();
  if (lost_) throw *lost_;
  if (!pending_.empty() || !typed_.empty() || (!input_ended_ && has_unread_input())) {
    throw Failure("CLOSED", "The server has closed the connection before it had all messages.");
  }
  if (!input_ended_) log::event("CLOSED", "The server has closed the connection.");
}

// True while nothing but a pause can tell that the server has finished its answer.
bool Conversation::awaits_pause() const {
  return is_in_chunks() && (unanswered_ > 0 || responses_.is_in_line());
}

int Conversation::patience() const {
  const int timeout = static_cast<int>(options_.server.timeout.count());
  if (awaits_pause()) return heard_ ? kAnswerEnds : timeout;
  if (typed_.has_quit()) return timeout;
  const bool owes_prompt = screen_.has_prompt() && !screen_.is_prompting() && wants_typing();
  return owes_prompt ? kPromptReturns : -1;
}

void Conversation::on_silence() {
  if (typed_.has_quit() && !awaits_pause()) {
    throw timeout_failure("end of the connection by the server", options_.server.timeout);
  }
  screen_.show(responses_.end_line());
  unanswered_ = 0;
  send_typed();
}

void Conversation::offer_prompt() {
  const bool is_answered = unanswered_ == 0 && !responses_.is_in_line();
  if (screen_.has_prompt() && is_answered && wants_typing()) screen_.show_prompt();
}

}  // namespace echolab
