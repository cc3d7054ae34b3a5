#include <pinhook/rules/rule_nodes.hpp>

#include <pinhook/base/nearest_word.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pinhook::rules {

std::unexpected<rule_problem> within(std::string_view where, rule_problem p) {
  p.message = fmt::format("{}: {}", where, p.message);
  return std::unexpected(std::move(p));
}

std::string unknown_word(std::string_view kind, std::string_view word, known_words known) {
  const auto near = nearest_word(word, known);
  if (!near.empty()) return fmt::format("{} is not a valid {}; did you mean {}?", quoted(word, 60), kind, near);
  return fmt::format("{} is not a valid {}; there are {}", quoted(word, 60), kind, fmt::join(known, ", "));
}

std::expected<std::string_view, rule_problem> one_text(const yaml::node& n) {
  if (n.kind != yaml::node_kind::scalar) return blame(n, fmt::format("want a text, not {}", to_string(n.kind)));
  if (n.is_null() || n.text.empty()) return blame(n, "the value is missing; write one, or leave the key out");
  return n.text;
}

}  // namespace pinhook::rules
