#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "01_iterative/client/client_options.h"
#include "01_iterative/client/failure.h"
#include "01_iterative/client/response_text.h"
#include "01_iterative/client/screen.h"
#include "01_iterative/client/typed_input.h"
#include "common/unique_fd.h"

namespace echolab {

/// A user on one side, a server on the other, and what is underway between them: at most 64 KiB of
/// input, and of an answer only the bytes of an unfinished character. Nothing here blocks but the
/// showing of answers, while the screen is full.
///
/// The client's loop asks what is to be waited for, sleeps until there is some of it, and tells:
/// wants_typing() -> on_typed(), wants_room() -> on_writable(), patience() -> on_silence(), and
/// on_readable() always. Any of them may throw Failure: then the conversation is over.
class Conversation {
 public:
  /// `server` must be non-blocking, and outlive this object, as must `options`.
  Conversation(const UniqueFd& server, const ClientOptions& options, int interrupt);

  /// Nothing is read from the user before what he typed last is sent: when the server takes no
  /// more, he is made to wait, and memory stays bounded.
  [[nodiscard]] bool wants_typing() const { return typed_.wants_input() && may_take(); }
  [[nodiscard]] bool wants_room() const { return !pending_.empty(); }

  /// Standard input is readable.
  void on_typed();

  /// The server may have sent something: its answers, or the end.
  void on_readable();

  /// Sends as much as the server's window takes; at the end of the input, its end.
  void on_writable() { send_typed(); }

  /// How long silence on both sides is to be borne, in milliseconds as poll(2) takes them.
  [[nodiscard]] int patience() const;

  /// It has been silent for so long.
  void on_silence();

  /// True when the server has ended the conversation.
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  [[nodiscard]] bool is_in_chunks() const { return options_.framing == Framing::kChunk; }
  [[nodiscard]] bool may_take() const;
  [[nodiscard]] bool awaits_pause() const;
  void send_typed();
  void take_typed();
  void send_pending();
  void end_input();
  void show(std::string_view bytes);
  void offer_prompt();
  void end();

  const UniqueFd& server_;
  const ClientOptions& options_;
  Screen screen_;
  TypedInput typed_;
  ResponseText responses_;
  std::string pending_;          // taken from typed_, and not yet sent
  std::size_t unanswered_ = 0;   // messages: a guess, since no service must answer each
  bool heard_ = false;           // the server has answered since a message was taken
  bool input_ended_ = false;     // and the server knows
  std::optional<Failure> lost_;  // the server takes no more; its last words may still come
  bool finished_ = false;
};

}  // namespace echolab
