#include <pinhook/demo/view.hpp>

#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::demo {
namespace {

constexpr std::size_t screen = 100;
constexpr std::size_t margin = 3;

// ECMA-48 "select graphic rendition".
constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";

// Columns, for texts whose multi-byte characters are one column wide.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const auto used = columns(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

void put(std::string_view text) { fmt::print("{}{}\n", std::string(margin, ' '), text); }

}  // namespace

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (used != 0 && used + 1 + columns(word) > width) {
      out += '\n';
      out.append(indent, ' ');
      used = indent;
    } else if (used != 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += columns(word);
  }
  return out;
}

std::string view::painted(std::string_view code, std::string_view text) const {
  return has_colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void view::headline(std::string_view text) const { fmt::print("{}\n", wrap(text, screen, 0)); }

void view::step(std::string_view title, std::string_view note) {
  const std::string left = fmt::format("{}  {}", ++steps_, title);
  const auto used = columns(left) + columns(note);
  const std::string gap(used + 1 < screen ? screen - used : 1, ' ');
  fmt::print("\n{}{}{}\n", painted(bold, left), note.empty() ? "" : gap, painted(dim, note));
}

void view::line(std::string_view text) const { put(wrap(text, screen - margin, margin)); }

void view::warning(std::string_view text) const {
  put(painted(yellow, wrap(fmt::format("Warning: {}", text), screen - margin, margin + 2)));
}

void view::denial(std::string_view text) const {
  put(painted(red, wrap(fmt::format("Denied: {}", text), screen - margin, margin + 2)));
}

void view::side_by_side(std::string_view left, const std::vector<container_image>& before, std::string_view right,
                        const std::vector<container_image>& after) const {
  std::size_t name_width = 0;
  std::size_t left_width = columns(left);
  for (const auto& one : before) {
    name_width = std::max(name_width, columns(one.container));
    left_width = std::max(left_width, columns(registry::shorten_digest(one.image)));
  }
  put(painted(dim, fmt::format("{}  {}    {}", padded("", name_width), padded(std::string(left), left_width), right)));
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
    const bool is_same = before[i].image == after[i].image;
    const std::string old = padded(registry::shorten_digest(before[i].image), left_width);
    const std::string now = registry::shorten_digest(after[i].image);
    put(fmt::format("{}  {}  {} {}", padded(before[i].container, name_width), is_same ? old : painted(yellow, old),
                    is_same ? "=" : "→", is_same ? now : painted(green, now)));
  }
}

void view::check(bool holds, std::string_view expectation) {
  ++checks_;
  if (!holds) ++failures_;
  put(holds ? painted(green, fmt::format("✓ {}", expectation))
            : painted(red, fmt::format("✗ failed: {}", expectation)));
}

}  // namespace pinhook::demo
