// An object of the API server as lines of YAML, and the lines of its images: the evidence of a finding.
//
//   auto text = object_text_of(answer, {"/spec/template/spec/containers/0/image"});
//   … text->lines[text->places.at(0).line - 1] …              // "          image: nginx"
//
// Without what is of no use for that: status, managedFields, and the annotation of `kubectl apply`, which repeats the
// object. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::console {

/// Lines of one object; the API server takes objects of some 1.5 MiB.
inline constexpr std::size_t max_object_lines = 50'000;

struct object_text {
  struct place {
    /// JSON Pointer of a value.
    std::string pointer;
    /// From 1.
    std::size_t line = 0;

    friend bool operator==(const place&, const place&) = default;
  };
  std::vector<std::string> lines;
  /// Those of the pointers that the object has, in the order of their lines.
  std::vector<place> places;
};

/// malformed: no JSON object. unsupported: more than max_object_lines.
[[nodiscard]] result<object_text> object_text_of(std::string_view json,
                                                 const std::set<std::string, std::less<>>& pointers);

}  // namespace pinhook::console
