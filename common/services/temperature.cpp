#include "common/services/temperature.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "common/escape.h"

namespace echolab {
namespace {

std::string_view without_spaces_around(std::string_view text) {
  constexpr std::string_view kSpaces = " \t";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// std::from_chars, since it knows no locale: the decimal point is a point everywhere.
std::optional<double> number(std::string_view text) {
  text = without_spaces_around(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || parsed_to != end) return std::nullopt;
  return value;
}

std::optional<double> fahrenheit(std::string_view celsius) {
  const std::optional<double> degrees = number(celsius);
  if (!degrees) return std::nullopt;
  const double converted = *degrees * 1.8 + 32;
  if (!std::isfinite(converted)) return std::nullopt;
  return std::abs(converted) < 0.005 ? 0 : converted;  // never "-0.00"
}

}  // namespace

void TemperatureSession::on_message(const Message& message) {
  const std::optional<double> degrees = fahrenheit(message.text);
  answer(degrees ? fmt::format("{:.2f}", *degrees)
                 : fmt::format("error: '{}' is not a temperature", escaped(message.text)));
  answer(message.line_end);
}

}  // namespace echolab
