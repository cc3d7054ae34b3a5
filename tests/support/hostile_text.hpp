// Texts that break careless writers: every unprintable character, at every place of a short text, at every alignment in
// memory. Code that reads sixteen bytes at once gets each of them in each of its lanes.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

/// C0, quotes and backslashes, DEL, C1, bidirectional controls, separators of lines; letters and bytes that are none
/// for comparison.
inline const std::vector<std::string>& hostile_characters() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out;
    for (int c = 0; c < 0x20; ++c) out.emplace_back(1, static_cast<char>(c));
    out.insert(out.end(), {"\"", "\\", "\x7f"});
    for (int c = 0x80; c < 0xa0; ++c) out.push_back({'\xc2', static_cast<char>(c)});
    out.insert(out.end(), {"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9"});
    for (int c = 0xaa; c <= 0xae; ++c) out.push_back({'\xe2', '\x80', static_cast<char>(c)});
    for (int c = 0xa6; c <= 0xa9; ++c) out.push_back({'\xe2', '\x81', static_cast<char>(c)});
    out.insert(out.end(), {"\xc3\xa9", "\xe2\x98\x83", "\xf0\x9f\x90\xb3"});
    return out;
  }();
  return all;
}

inline constexpr std::size_t max_hostile_size = 40;

/// `use(text, character)`: each of the characters behind 0 to 40 letters and before the rest of them, the text standing
/// `alignment` bytes behind an address that sixteen divides.
inline void for_each_hostile_text(const std::function<void(std::string_view, std::string_view)>& use,
                                  std::size_t alignments = 16) {
  alignas(16) std::array<char, 128> place{};
  for (std::size_t alignment = 0; alignment < alignments; ++alignment) {
    for (const std::string& c : hostile_characters()) {
      for (std::size_t before = 0; before <= max_hostile_size; ++before) {
        const std::string text = std::string(before, 'a') + c + std::string(max_hostile_size - before, 'z');
        text.copy(place.data() + alignment, text.size());
        use({place.data() + alignment, text.size()}, c);
      }
    }
  }
}

}  // namespace pinhook::testing
