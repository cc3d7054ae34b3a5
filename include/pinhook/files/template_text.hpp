// A Helm template cut into its text and its actions, and an action into tokens. Nothing is executed.
//
//   split_template("image: {{ .Values.image | quote }}\n")   // "image: ", action " .Values.image | quote ", "\n"
//
// Views point into the text. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

struct template_piece {
  bool is_action = false;
  /// The text of the output (without the white space that "{{-" and "-}}" eat), or the text within the braces.
  std::string_view text;
  /// The line of its first byte, from 1.
  std::size_t line = 1;
  /// True for an action whose "{{-" has eaten the end of the line before it.
  bool eats_line = false;
};

/// Comments are left out, and so is everything after the begin of an action that does not end.
[[nodiscard]] std::vector<template_piece> split_template(std::string_view text);

enum class template_token_kind : std::uint8_t {
  word,    // a function, a keyword, a number
  chain,   // ".Values.image", "$x.tag", "."
  string,  // `text` is without the quotes
  mark,    // ( ) | , := =
};

struct template_token {
  template_token_kind kind = template_token_kind::word;
  std::string_view text;
};

[[nodiscard]] std::vector<template_token> template_tokens(std::string_view action);

}  // namespace pinhook::files
