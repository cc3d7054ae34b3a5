// Finds the end of JSON text that nobody reads, 64 bytes at a time: with the widest instructions that the processor
// has.
//
// Only strings and brackets are looked at. Any thread; no byte outside the text is read.
#pragma once

#include <cstddef>
#include <string_view>

namespace pinhook::json {

/// Nesting inside a skipped value; the API server's own limit (apimachinery, json-iterator and sigs.k8s.io/json).
inline constexpr std::size_t max_skipped_depth = 10'000;

struct bracket_end {
  /// Behind the bracket that closes the first one; null: none does.
  const char* past = nullptr;
  /// Near the bracket that is nested too deeply; null: none is.
  const char* too_deep = nullptr;
};

/// `begin` is at a '[' or '{'. The kinds of brackets are not compared.
[[nodiscard]] bracket_end past_brackets(const char* begin, const char* end);

/// `begin` is behind the quote that opens a string. The place behind the quote that closes it; null: none does.
[[nodiscard]] const char* past_string(const char* begin, const char* end);

/// The offset of the quote that opens the string in which `text`, the beginning of a JSON text, ends; npos when it ends
/// outside of strings. Bytes from 0.
[[nodiscard]] std::size_t open_string(std::string_view text);

}  // namespace pinhook::json
