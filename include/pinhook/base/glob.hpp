// A pattern of `*`, any characters but '/', and `**`, any characters; every other character is literal.
//
//   const glob g("docker.io/library/*");
//   g.matches("docker.io/library/nginx")                  // true
//   g.covers(glob("docker.io/library/nginx-*"))           // true
//
// Made for many calls: the literal beginning and end are compared first, nothing is allocated, and no pattern makes it
// try exponentially many ways. Immutable values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook {

class glob {
 public:
  /// Matches the empty text alone.
  glob() = default;
  /// More than two stars in a row are two.
  explicit glob(std::string_view text);

  /// For texts without '/': any number of stars is one.
  [[nodiscard]] static glob of_word(std::string_view text);

  /// The whole text.
  [[nodiscard]] bool matches(std::string_view text) const;

  /// True: this matches every text that `other` matches. It reads `other` as a text whose stars only stars can match,
  /// so it is fast and never wrong when true; false may be wrong where two patterns mean the same in two ways
  /// (name_grammar.hpp: covers_names).
  [[nodiscard]] bool covers(const glob& other) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_empty() const { return text_.empty(); }
  /// True without a star: it matches one text.
  [[nodiscard]] bool is_literal() const { return form_ == form::literal; }
  /// The beginning and the end of every match; for a literal the whole, and nothing.
  [[nodiscard]] std::string_view literal_begin() const { return std::string_view(text_).substr(0, begin_); }
  [[nodiscard]] std::string_view literal_end() const { return std::string_view(text_).substr(text_.size() - end_); }

 private:
  enum class form : std::uint8_t { literal, one_part, anything, mixed };

  std::string text_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  /// The part between the literal beginning and end: nothing, one `*`, one `**`, more.
  form form_ = form::literal;
};

}  // namespace pinhook
