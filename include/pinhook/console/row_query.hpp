// The question of a request for rows: filters, order and page, from the query of its target.
//
//   const auto query = row_query::parse("/api/v1/entities?namespace=shop&state=gone&sort=-image&limit=100");
//   if (query->matches(row)) …
//
// Pure; any thread. Values are compared as they are, `search` without regard to case.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/fleet/label_selector.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::console {

/// The columns that rows can be sorted by.
enum class row_order : std::uint8_t { place, image, written, pods, findings, since };

struct row_query {
  static constexpr std::size_t most_rows = 1'000;

  std::string ns;
  /// The id of a rule of which the row has a finding.
  std::string rule;
  /// "pinned", "tag", "latest", "no-tag", "invalid", "mixed", "moved", "gone", "unresolvable", "differs", "findings".
  std::string state;
  /// True for rows in that state; null: all.
  bool (*is_in_state)(const fleet::row&) = nullptr;
  std::string mode;
  /// The name of a rule that takes the row's image out of others.
  std::string exception;
  /// A canonical repository: docker.io/library/nginx.
  std::string repository;
  /// A digest that the row runs or is pinned to.
  std::string digest;
  /// Of the workload, as kubectl's -l.
  fleet::label_selector labels;
  /// A part of namespace, owner, container or image, in small letters.
  std::string search;
  row_order order = row_order::place;
  bool is_descending = false;
  std::size_t offset = 0;
  std::size_t limit = 100;

  /// invalid_input: a parameter that is not known, or its value; the message names both and what is allowed.
  [[nodiscard]] static result<row_query> parse(std::string_view target);
  [[nodiscard]] bool matches(const shown_row& one) const;
};

/// Rows of a view.
struct found_rows {
  /// Those from `offset` on, at most `limit`, in the query's order.
  std::vector<const shown_row*> page;
  /// How many match.
  std::size_t total = 0;
};

/// The visible rows that match.
[[nodiscard]] found_rows find_rows(const fleet_view& of, const visible_namespaces& to, const row_query& query);

/// The text of a query's name or value: "%2F" is "/", "+" is a space. invalid_input: a bad escape.
[[nodiscard]] result<std::string> decoded(std::string_view text);

}  // namespace pinhook::console
