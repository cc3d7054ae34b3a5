// The text that a chart's templates write before and after the parts of an image: a suffix after the tag, a registry
// before the name, "@sha256:" before a digest. With such text the chart runs another image than the one in its values,
// or the digest is not where one is expected.
//
//   image: "ghcr.io/{{ .Values.image.repository }}:{{ .Values.image.tag }}-alpine"
//
// Pure; any thread.
#pragma once

#include <pinhook/files/chart_value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pinhook::files {

/// The marks in written_text::text: a value, a value written as a number, and the begin or end of a block.
inline constexpr char text_value = '\x01';
inline constexpr char text_number = '\x02';
inline constexpr char text_edge = '\x03';

/// A line of a template, or the format of printf, with marks for the values in it.
struct written_text {
  std::string text;
  /// The paths that each value may come from, in the order of the values.
  std::vector<std::vector<values_path>> values;
  std::string file;
  std::size_t line = 1;
  /// True for the value of an image's key, and for the result of a helper or a function.
  bool is_image = false;
};

/// The place of an image in values: its mapping, the key of its name, and the key that takes the digest. Both keys are
/// the same for a string that is the whole image.
struct values_place {
  enum class form : std::uint8_t {
    tag,     // or the string that is the whole image
    digest,  // "sha256:…"
    hex,     // without "sha256:"
  };
  values_path mapping;
  std::string name_key;
  std::string key;
  form takes = form::tag;
  /// The name as written there.
  std::string name{};

  [[nodiscard]] bool is_whole() const { return name_key == key; }
};

struct use_verdict {
  /// A use that a digest would break: "templates/deployment.yaml:12 …". Empty: none.
  std::string conflict;
  /// A use that a digest may break. Empty: none.
  std::string doubt;
  /// True when a template uses the value, or a mapping that holds it.
  bool is_used = false;
};

/// The verdict by the texts that hold both the name and the value that takes the digest. `is_used` stays false.
[[nodiscard]] use_verdict judge_texts(std::span<const written_text> texts, const values_place& value);

}  // namespace pinhook::files
