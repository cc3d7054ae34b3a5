// Changes lines of a text: they come, go, change places, are indented further or less, and get signs of YAML. One
// change in three is one of bytes.
#pragma once

#include "fuzz/mutation.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fuzz {

class line_mutation {
 public:
  explicit line_mutation(chance& dice) : dice_(dice) {}

  std::string change(std::string_view text) {
    auto lines = lines_of(text);
    const std::size_t at = dice_.below(lines.size());
    const std::size_t count = 1 + dice_.below(std::min<std::size_t>(4, lines.size() - at));
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(count);
    switch (dice_.below(6)) {
      case 0:
        lines.erase(begin, end);
        break;
      case 1: {
        const std::vector<std::string> copy(begin, end);
        const auto to = static_cast<std::ptrdiff_t>(dice_.below(lines.size() + 1));
        lines.insert(lines.begin() + to, copy.begin(), copy.end());
        break;
      }
      case 2:
        std::swap(*begin, lines[dice_.below(lines.size())]);
        break;
      case 3:
        indent(lines, at, count);
        break;
      case 4: {
        std::string& line = *begin;
        line.insert(dice_.is_one_in(2) ? first_word(line) : dice_.below(line.size() + 1), dice_.one_of(signs));
        break;
      }
      default:
        *begin = mutate_bytes(*begin);
    }
    return joined(lines);
  }

  std::string cross(std::string_view text, std::string_view from) {
    auto lines = lines_of(text);
    const auto others = lines_of(from);
    const std::size_t at = dice_.below(others.size());
    const std::size_t count = 1 + dice_.below(std::min<std::size_t>(8, others.size() - at));
    const auto to = lines.begin() + static_cast<std::ptrdiff_t>(dice_.below(lines.size() + 1));
    const auto begin = others.begin() + static_cast<std::ptrdiff_t>(at);
    lines.insert(to, begin, begin + static_cast<std::ptrdiff_t>(count));
    return joined(lines);
  }

 private:
  static constexpr std::array<std::string_view, 28> signs{
      "- ", "? ", ": ", "|\n", ">-\n", "|2+\n", "&a ", "*a ", "!!str ", "! ",   "<<: ", "{",  "}", "[",
      "]",  ", ", "\"", "'",   "#",    " # ",   "---", "...", "\t",     "\r\n", "\\",   "\n", "~", "=",
  };

  // With their ends.
  static std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n') == text.npos ? text.size() : text.find('\n') + 1);
      out.emplace_back(line);
      text.remove_prefix(line.size());
    }
    if (out.empty()) out.emplace_back();
    return out;
  }

  static std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line;
    return out;
  }

  static std::size_t first_word(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

  void indent(std::vector<std::string>& lines, std::size_t at, std::size_t count) {
    const std::size_t spaces = 1 + dice_.below(4);
    const bool is_further = dice_.is_one_in(2);
    for (std::size_t i = at; i < at + count; ++i) {
      if (is_further)
        lines[i].insert(0, spaces, ' ');
      else
        lines[i].erase(0, std::min(spaces, first_word(lines[i])));
    }
  }

  chance& dice_;
};

}  // namespace pinhook::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  pinhook::fuzz::chance dice(seed);
  if (dice.is_one_in(3)) return LLVMFuzzerMutate(data, size, max_size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  return pinhook::fuzz::put(pinhook::fuzz::line_mutation(dice).change(text), data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data, std::size_t size, const std::uint8_t* other,
                                                 std::size_t other_size, std::uint8_t* out, std::size_t max_size,
                                                 unsigned seed) {
  pinhook::fuzz::chance dice(seed);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view from(reinterpret_cast<const char*>(other), other_size);
  return pinhook::fuzz::put(pinhook::fuzz::line_mutation(dice).cross(text, from), out, max_size);
}
