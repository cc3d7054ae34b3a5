// A pattern of `*`, any characters but '/', and `**`, any characters; every other character stands for itself.
//
//   const glob g("docker.io/library/*");
//   g.matches("docker.io/library/nginx")                  // true
//   g.covers(glob("docker.io/library/nginx-*"))           // true
//
// Made to be asked often: the literal begin and end are compared first, nothing is allocated, and no pattern makes it
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

  /// True: whatever `other` matches, this matches. It reads `other` as a text whose stars only stars can match, so it
  /// finds out quickly and never says yes wrongly; a no may be wrong where two patterns say the same in two ways
  /// (name_grammar.hpp: covers_names).
  [[nodiscard]] bool covers(const glob& other) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_empty() const { return text_.empty(); }
  /// No star: it matches one text.
  [[nodiscard]] bool is_literal() const { return form_ == form::literal; }
  /// What every match begins and ends with; of a literal the whole, and nothing.
  [[nodiscard]] std::string_view literal_begin() const { return std::string_view(text_).substr(0, begin_); }
  [[nodiscard]] std::string_view literal_end() const { return std::string_view(text_).substr(text_.size() - end_); }

 private:
  enum class form : std::uint8_t { literal, one_part, anything, mixed };

  std::string text_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  /// Of what stands between literal begin and end: nothing, one `*`, one `**`, more.
  form form_ = form::literal;
};

}  // namespace pinhook
