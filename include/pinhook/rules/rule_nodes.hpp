// Reads texts and lists of texts from the YAML nodes of rules, with problems at the node that has the fault.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/yaml/document.hpp>

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::rules {

using read_outcome = std::expected<void, rule_problem>;
using known_words = std::span<const std::string_view>;

/// `at`: a node or a member.
template <class Place>
std::unexpected<rule_problem> blame(const Place& at, std::string message) {
  return std::unexpected(rule_problem{at.line, at.column, std::move(message)});
}

/// The problem with "where: " before its message.
[[nodiscard]] std::unexpected<rule_problem> within(std::string_view where, rule_problem p);

/// "\"denny\" is not a valid action; did you mean deny?"; else the known words.
[[nodiscard]] std::string unknown_word(std::string_view kind, std::string_view word, known_words known);

/// Not empty.
[[nodiscard]] std::expected<std::string_view, rule_problem> one_text(const yaml::node& n);

/// Reads one text or a list of texts, each of which `take` accepts or refuses.
template <class Take>
read_outcome each_text(const yaml::node& n, Take take) {
  const auto one = [&](const yaml::node& item) -> read_outcome {
    if (item.kind != yaml::node_kind::scalar)
      return blame(item, std::string("want a text or a list of texts, not ") + std::string(to_string(item.kind)));
    const auto text = one_text(item);
    if (!text) return std::unexpected(text.error());
    if (auto taken = take(*text); !taken) return blame(item, std::move(taken.error().message));
    return {};
  };
  if (n.kind != yaml::node_kind::sequence) return one(n);
  if (n.items.empty()) return blame(n, "the list is empty; name something, or leave the key out");
  for (const yaml::node& item : n.items)
    if (auto good = one(item); !good) return good;
  return {};
}

/// The same into a list, with a check of each text.
template <result<void> (*Check)(std::string_view)>
read_outcome read_texts(const yaml::node& n, std::vector<std::string>& into) {
  return each_text(n, [&](std::string_view text) -> result<void> {
    if (auto good = Check(text); !good) return good;
    into.emplace_back(text);
    return {};
  });
}

}  // namespace pinhook::rules
