#pragma once

#include <string>
#include <string_view>

namespace echolab {

/// `bytes` as a terminal may show them: printable UTF-8 (RFC 3629) stays as it is; every byte of
/// anything else becomes \xNN: control characters, which command terminals (CWE-150), the marks
/// that reverse the order of text (CVE-2021-42574), and what is not UTF-8 at all.
[[nodiscard]] std::string escaped(std::string_view bytes);

}  // namespace echolab
