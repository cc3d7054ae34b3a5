// Bytes of a text.
#pragma once

#include <cstddef>

namespace pinhook::yaml {

/// From `begin` to before `end`.
struct text_span {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
  friend bool operator==(const text_span&, const text_span&) = default;
};

}  // namespace pinhook::yaml
