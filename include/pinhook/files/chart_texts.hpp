// Which text a chart's templates write before and behind the parts of an image: a suffix behind the tag, a registry
// before the name, "@sha256:" before a digest. With them the chart runs another image than the values say, or the
// digest does not stand where one is expected.
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

/// In written_text::text: a value, one that is written as a number, and where a block begins or ends.
inline constexpr char text_value = '\x01';
inline constexpr char text_number = '\x02';
inline constexpr char text_edge = '\x03';

/// A line of a template, or the format of printf, with the values in it.
struct written_text {
  std::string text;
  /// What each value in it may be made of, in their order.
  std::vector<std::vector<values_path>> values;
  std::string file;
  std::size_t line = 1;
  /// It stands behind a key of an image, or is what a helper or a function makes.
  bool is_image = false;
};

/// Where an image of values stands: its mapping, and the keys of its name and of what takes the digest there; of a
/// string that is all of the image both are its own.
struct values_place {
  enum class form : std::uint8_t {
    tag,     // or the string that is all of it
    digest,  // "sha256:…"
    hex,     // without "sha256:"
  };
  values_path mapping;
  std::string name_key;
  std::string key;
  form takes = form::tag;
  /// The name as it is written there.
  std::string name{};

  [[nodiscard]] bool is_whole() const { return name_key == key; }
};

struct use_verdict {
  /// A use that a digest would break: "templates/deployment.yaml:12 …". Empty: there is none.
  std::string conflict;
  /// One that may be.
  std::string doubt;
  /// Something is made of it, or of what holds it.
  bool is_used = false;
};

/// Of texts that hold the name and what takes the digest. `is_used` is left as it is.
[[nodiscard]] use_verdict judge_texts(std::span<const written_text> texts, const values_place& value);

}  // namespace pinhook::files
