#include "common/services/message_session.h"

namespace echolab {

void MessageSession::on_input(std::span<const std::byte> input) {
  reader_.receive(input);
  take_messages();
}

void MessageSession::on_eof() {
  reader_.receive_eof();
  take_messages();
}

void MessageSession::take_messages() {
  while (has_room() && !is_closing()) {
    const auto message = reader_.next();
    if (!message) break;
    service_time_.pass();
    on_message(*message);
  }
  if (reader_.line_too_long() && !is_closing()) {
    answer("error: line too long\n");
    close();
  }
}

}  // namespace echolab
