// Values of quoted scalars as YAML 1.2.2 reads them (sections 5.7, 7.3.1, 7.3.2), and where each byte came from.
// libfyaml 0.7 counts more than two quotes beside each other wrongly, loses blanks before escaped ends of lines, and
// more.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/text_span.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::yaml {

struct quoted_text {
  std::string value;
  /// Of each byte of the value: the offset in the text before and behind what is written for it.
  std::vector<std::size_t> begins;
  std::vector<std::size_t> ends;
};

/// `inside`: the bytes between the quotes. No value: they have an escape that YAML does not know, or half of a
/// surrogate pair, as JSON has them.
[[nodiscard]] std::optional<quoted_text> read_quoted_text(std::string_view text, const text_span& inside, char quote);

}  // namespace pinhook::yaml
