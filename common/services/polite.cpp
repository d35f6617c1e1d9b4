#include "common/services/polite.h"

namespace echolab {

PoliteSession::PoliteSession(const ServiceOptions& options)
    : manners_(options.manners), service_time_(options) {
  // BEGIN SOLUTION: answer() the greeting and a newline; the words stand in service_options.h.
  answer(manners_.greeting);
  answer("\n");
  // END SOLUTION
}

void PoliteSession::on_input(std::span<const std::byte> input) {
  service_time_.pass();
  std::string_view rest(reinterpret_cast<const char*>(input.data()), input.size());
  while (!rest.empty() && !is_closing()) {
    const std::size_t newline = rest.find('\n');
    const bool ends_here = newline != std::string_view::npos;
    const std::string_view piece = rest.substr(0, ends_here ? newline + 1 : newline);
    answer(piece);
    // BEGIN SOLUTION: close() after a line that says the terminator, or is longer than the limit.
    remember(piece.substr(0, newline));
    if (ends_here && line_is_the_last()) close();
    if (ends_here) line_.clear();
    // END SOLUTION
    rest.remove_prefix(piece.size());
  }
}

// A \r before the \n belongs to the line's end: so one byte more than the limit may be none too
// many, and a second one is.
void PoliteSession::remember(std::string_view piece) {
  line_.append(piece.substr(0, manners_.line_limit + 2 - line_.size()));
}

bool PoliteSession::line_is_the_last() const {
  std::string_view line = line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line == manners_.terminator || line.size() > manners_.line_limit;
}

}  // namespace echolab
