#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "common/services/service_options.h"
#include "common/services/service_time.h"
#include "common/session.h"

namespace echolab {

/// Echo with manners: greets whoever comes, sends every byte back at once, and closes after a line
/// that says farewell, or is longer than the limit. The course varies all three by year.
class PoliteSession final : public Session {
 public:
  explicit PoliteSession(const ServiceOptions& options);

 private:
  void on_input(std::span<const std::byte> input) override;
  void remember(std::string_view piece);
  [[nodiscard]] bool line_is_the_last() const;

  Manners manners_;
  ServiceTime service_time_;
  std::string line_;  // what has come of it, without \n, and no more than shows that it is too long
};

}  // namespace echolab
