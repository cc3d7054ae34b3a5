#include <pinhook/demo/view.hpp>

#include <pinhook/base/wrapped_text.hpp>
#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::demo {
namespace {

constexpr std::size_t margin = 3;

// ECMA-48 "select graphic rendition".
constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";

std::string padded(std::string text, std::size_t width) {
  const auto used = columns_of(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

void put(std::string_view text) { fmt::print("{}{}\n", std::string(margin, ' '), text); }

}  // namespace

std::string view::painted(std::string_view code, std::string_view text) const {
  return has_colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void view::headline(std::string_view text) const { fmt::print("{}\n", wrapped(text, {.width = width_})); }

void view::step(std::string_view title, std::string_view note) {
  const std::string left = fmt::format("{}  {}", ++steps_, title);
  const auto used = columns_of(left) + columns_of(note);
  // A note that does not fit has a line of its own.
  const std::string gap =
      used < width_ ? std::string(width_ - used, ' ') : fmt::format("\n{}", std::string(margin, ' '));
  fmt::print("\n{}{}{}\n", painted(bold, left), note.empty() ? "" : gap, painted(dim, note));
}

void view::line(std::string_view text) const { fmt::print("{}\n", wrapped(text, {.width = width_, .indent = margin})); }

void view::warning(std::string_view text) const { paragraph(yellow, fmt::format("Warning: {}", text)); }

// Each of its lines is a finding or a fact.
void view::denial(std::string_view text) const {
  for (std::string_view head = "Denied: "; !text.empty(); head = "  ") {
    const std::string_view one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    paragraph(red, fmt::format("{}{}", head, one));
  }
}

void view::paragraph(std::string_view code, std::string_view text) const {
  fmt::print("{}\n", painted(code, wrapped(text, {.width = width_, .indent = margin, .hanging = 2})));
}

void view::side_by_side(std::string_view left, const std::vector<container_image>& before, std::string_view right,
                        const std::vector<container_image>& after) const {
  std::size_t name_width = 0;
  std::size_t left_width = columns_of(left);
  for (const auto& one : before) {
    name_width = std::max(name_width, columns_of(one.container));
    left_width = std::max(left_width, columns_of(registry::shorten_digest(one.image)));
  }
  // Where both do not fit beside each other, the later state has a line of its own.
  std::size_t right_width = columns_of(right);
  for (const auto& one : after) right_width = std::max(right_width, columns_of(registry::shorten_digest(one.image)));
  const bool is_beside = margin + name_width + left_width + right_width + 6 <= width_;
  const std::string gap = is_beside ? " " : fmt::format("\n{}", std::string(margin + name_width + 1, ' '));
  put(painted(dim, fmt::format("{}  {}{}   {}", padded("", name_width),
                               is_beside ? padded(std::string(left), left_width) : std::string(left), gap, right)));
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
    const bool is_same = before[i].image == after[i].image;
    const std::string text = registry::shorten_digest(before[i].image);
    const std::string old = is_beside ? padded(text, left_width) : text;
    const std::string now = registry::shorten_digest(after[i].image);
    put(fmt::format("{}  {}{} {} {}", padded(before[i].container, name_width), is_same ? old : painted(yellow, old),
                    gap, is_same ? "=" : "→", is_same ? now : painted(green, now)));
  }
}

void view::check(bool holds, std::string_view expectation) {
  ++checks_;
  if (!holds) ++failures_;
  if (holds)
    paragraph(green, fmt::format("✓ {}", expectation));
  else
    paragraph(red, fmt::format("✗ failed: {}", expectation));
}

}  // namespace pinhook::demo
