// What comes out of a template line by line, as far as it matters what a value is written behind, and beside which
// text. For chart_reading.
//
// One thread.
#pragma once

#include <pinhook/files/chart_texts.hpp>
#include <pinhook/files/chart_value.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {

/// "image", "initImage", "WORKER_IMAGE": what stands behind it is an image.
[[nodiscard]] bool is_image_key(std::string_view key);

/// `print` and `printf` of values as the text that they make; none of other functions, and of a format that is none.
[[nodiscard]] std::optional<written_text> formatted(std::string_view function, std::span<const chart_value> arguments);

class template_lines {
 public:
  struct value_place {
    std::size_t line = 1;
    bool is_image = false;
  };

  void text(std::string_view more);
  /// A block begins or ends: what stands on its other side may not come out.
  void edge() { now_.text += text_edge; }
  /// Where a value would stand now: the key, "-" in a list, nothing where a helper's caller decides.
  /// `is_below`: on a line of its own, whose begin the action has eaten ("image:\n  {{- toYaml").
  [[nodiscard]] std::string key(bool is_below) const;
  /// Whether that key is one of labels or annotations.
  [[nodiscard]] bool is_note(std::string_view key) const;
  /// A value that comes out, with what stands before it in the line.
  [[nodiscard]] std::vector<values_path> take(const chart_value& v, const value_place& at);
  /// The lines with values, once all of the body is there.
  [[nodiscard]] std::vector<written_text> take_texts();

 private:
  void end_text();
  void note_parent(std::optional<std::string_view> key);

  std::string line_;
  std::string open_key_;
  /// Mappings around the line: how far their keys are indented, outermost first.
  std::vector<std::pair<std::size_t, std::string>> parents_;
  chart_value sources_;
  written_text now_;
  std::vector<written_text> texts_;
};

}  // namespace pinhook::files
