// The output of a template line by line, as far as it shows the key of a value and the text beside it. For
// chart_reading.
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

/// True for "image", "initImage", "WORKER_IMAGE": their values are images.
[[nodiscard]] bool is_image_key(std::string_view key);

/// The text that `print` or `printf` of values produces; none for other functions, and for an invalid format.
[[nodiscard]] std::optional<written_text> formatted(std::string_view function, std::span<const chart_value> arguments);

class template_lines {
 public:
  struct value_place {
    std::size_t line = 1;
    bool is_image = false;
  };

  void text(std::string_view more);
  /// Marks the begin or end of a block: the text on its other side may be missing in the output.
  void edge() { now_.text += text_edge; }
  /// The place of a value written now: the key, "-" in a list, empty where a helper's caller decides.
  /// `is_below`: on a line of its own, whose begin the action has eaten ("image:\n  {{- toYaml").
  [[nodiscard]] std::string key(bool is_below) const;
  /// True when that key is one of labels or annotations.
  [[nodiscard]] bool is_note(std::string_view key) const;
  /// Adds a value to the output and returns it with the values before it in the line.
  [[nodiscard]] std::vector<values_path> take(const chart_value& v, const value_place& at);
  /// The lines with values, after all of the body.
  [[nodiscard]] std::vector<written_text> take_texts();

 private:
  void end_text();
  void note_parent(std::optional<std::string_view> key);

  std::string line_;
  std::string open_key_;
  /// Mappings around the line: the indentation of their keys and their names, outermost first.
  std::vector<std::pair<std::size_t, std::string>> parents_;
  chart_value sources_;
  written_text now_;
  std::vector<written_text> texts_;
};

}  // namespace pinhook::files
