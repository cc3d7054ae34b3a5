// Scalars of several lines or with escapes, for the short way through YAML (plain_source.hpp): where they end, and
// their values. What is not sure to be read as libfyaml reads it has no value.
//
// `indent`: the column, from 0, of the collection that holds the scalar; its further lines begin further right.
// `text` has no control characters but line feeds.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::yaml {

struct long_scalar {
  /// After its last byte: the closing quote; for a block where the next line has its content.
  std::size_t end = 0;
  std::string value;
  /// Line feeds in it, and the begin of the line that `end` is on.
  std::size_t breaks = 0;
  std::size_t last_line = 0;
};

/// The quote is at `begin`.
[[nodiscard]] std::optional<long_scalar> read_quoted(std::string_view text, std::size_t begin, std::size_t indent);

/// A plain scalar in a block whose first line has the bytes `begin` to before `end`, and nothing behind them.
[[nodiscard]] std::optional<long_scalar> read_plain_lines(std::string_view text, std::size_t begin, std::size_t end,
                                                          std::size_t indent);

/// A literal or folded scalar; its '|' or '>' is at `sign`.
[[nodiscard]] std::optional<long_scalar> read_block(std::string_view text, std::size_t sign, std::size_t indent);

}  // namespace pinhook::yaml
