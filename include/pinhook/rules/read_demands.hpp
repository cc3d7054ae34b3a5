// The requirements of a rule from YAML: the value of its key `require`.
//
// Pure; any thread.
#pragma once

#include <pinhook/rules/rule.hpp>
#include <pinhook/rules/rule_nodes.hpp>
#include <pinhook/yaml/document.hpp>

namespace pinhook::rules {

/// One demand or a list of them: tag, not-latest, digest, or a mapping of registry, pull-policy, signed, attested and
/// unmoved to their values. Adds them to `into`.
///
///   {signed: [acme, github]}                    one of the verifiers; [[acme, github]] is both
///   {attested: {type: T, by: [github], fields: {/predicate/builder: B}}}, or a list of such mappings: all of them
[[nodiscard]] read_outcome read_demands(const yaml::node& n, rule& into);

/// The requirement is written as a mapping to values.
[[nodiscard]] bool has_values(requirement r) noexcept;

/// Of an image after pinning it demands the same as before.
[[nodiscard]] bool outlives_tags(requirement r) noexcept;

}  // namespace pinhook::rules
