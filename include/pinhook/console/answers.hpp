// The answers of the console's API and its metrics: JSON and text from a view, for one viewer. docs/console.md has the
// schema.
//
//   auto page = entities_answer(view, visible, query);
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/row_query.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace pinhook::console {

/// /api/v1/overview: the console's state, counts, trend, newest moves.
[[nodiscard]] std::string overview_answer(const fleet_view& of, const visible_namespaces& to,
                                          const console_state& state);

/// /api/v1/console: the console's state alone, which every page shows.
[[nodiscard]] std::string console_answer(const visible_namespaces& to, const console_state& state);

/// /api/v1/entities: the rows of a page, as `pinhook report -o json` has them, and how many match.
[[nodiscard]] std::string entities_answer(const fleet_view& of, const visible_namespaces& to, const row_query& query);

/// One workload's identity in a path: "shop/apps/Deployment/web", "core" for the core group.
struct entity_id {
  std::string ns, group, kind, name;

  /// `path`: what follows /api/v1/entities/, still encoded. invalid_input: it does not have four parts.
  [[nodiscard]] static result<entity_id> parse(std::string_view path);
};

/// /api/v1/entities/{id}: all rows of a workload. not_found: there is none, or none that the viewer may see.
[[nodiscard]] result<std::string> entity_answer(const fleet_view& of, const visible_namespaces& to,
                                                const entity_id& id);

/// The JSON Pointers of a workload's own images, not those of its Pods; empty: there is none, or none that the viewer
/// may see.
[[nodiscard]] std::set<std::string, std::less<>> pointers_of(const fleet_view& of, const visible_namespaces& to,
                                                             const entity_id& id);

/// /api/v1/objects/{id}: the object as the API server has it, in lines. Errors: those of object_text_of.
[[nodiscard]] result<std::string> object_answer(const entity_id& id, std::string_view object,
                                                const std::set<std::string, std::less<>>& pointers);

/// /api/v1/images: by repository what is written and what runs; filters as for entities, the page is one of
/// repositories.
[[nodiscard]] std::string images_answer(const fleet_view& of, const visible_namespaces& to, const row_query& query);

/// /api/v1/rules: the rules, each with the number of its findings.
[[nodiscard]] std::string rules_answer(const fleet_view& of, const visible_namespaces& to);

/// Namespaces that have series of their own in /metrics; those behind them count as "other".
inline constexpr std::size_t most_series_namespaces = 1'000;

/// /metrics: the Prometheus text format; namespace × state, never a series for each image.
[[nodiscard]] std::string metrics_answer(const fleet_view& of, const visible_namespaces& to,
                                         const console_state& state);

}  // namespace pinhook::console
