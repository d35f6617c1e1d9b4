#pragma once

#include <map>
#include <string>

#include <CLI/CLI.hpp>

namespace echolab {

/// Adds an option that takes a duration: "5ms" and "0.5s" say their unit, a number alone counts
/// seconds. At least `shortest` seconds, at most a day.
inline CLI::Option* add_duration_option(CLI::App& app, const std::string& name, double& seconds,
                                        const std::string& help, double shortest = 0) {
  static const std::map<std::string, double> units{
      {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}};
  constexpr double kLongest = 24.0 * 60 * 60;
  // Not CLI::Range, which lets "nan" pass.
  const auto range = [shortest](std::string& text) -> std::string {
    const double value = std::stod(text);
    if (value >= shortest && value <= kLongest) return "";
    return "Value not in range " + CLI::detail::to_string(shortest) + " to 86400 seconds";
  };
  return app.add_option(name, seconds, help)
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "DURATION"))
      ->check(CLI::Validator(range, ""));
}

}  // namespace echolab
