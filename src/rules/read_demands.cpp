#include <pinhook/rules/read_demands.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/rules/rule_values.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <expected>
#include <string_view>
#include <utility>

namespace pinhook::rules {
namespace {

constexpr std::array<std::string_view, requirement_count> requirement_words{
    "tag", "not-latest", "digest", "registry", "pull-policy", "signed", "attested", "unmoved"};
constexpr std::array<std::string_view, 3> attestation_words{"type", "by", "fields"};

template <class Place>
read_outcome add_demand(const Place& at, demand d, rule& r) {
  if (std::ranges::find(r.demands, d.requirement, &demand::requirement) != r.demands.end())
    return blame(at, fmt::format("{} is listed twice", to_string(d.requirement)));
  r.demands.push_back(std::move(d));
  return {};
}

read_outcome read_registries(const yaml::node& n, demand& d) { return read_texts<check_registry_value>(n, d.values); }
read_outcome read_pull_policies(const yaml::node& n, demand& d) {
  return read_texts<check_pull_policy_value>(n, d.values);
}

read_outcome read_unmoved(const yaml::node& n, demand& d) { return read_texts<check_unmoved_value>(n, d.values); }

// One verifier, or a list of verifiers that all have to accept.
read_outcome add_group(const yaml::node& n, verifier_groups& into) {
  std::vector<std::string> group;
  auto read = each_text(n, [&](std::string_view name) -> result<void> {
    if (std::ranges::find(group, name) != group.end())
      return fail(error_code::invalid_input, fmt::format("{} is listed twice", quoted(name, 60)));
    group.emplace_back(name);
    return {};
  });
  if (!read) return read;
  if (std::ranges::find(into, group) != into.end()) return blame(n, "the same verifiers are listed twice");
  into.push_back(std::move(group));
  return {};
}

read_outcome read_verifiers(const yaml::node& n, verifier_groups& into) {
  if (n.kind != yaml::node_kind::sequence) return add_group(n, into);
  if (n.items.empty()) return blame(n, "the list is empty; name a verifier");
  for (const yaml::node& item : n.items)
    if (auto good = add_group(item, into); !good) return good;
  return {};
}

read_outcome read_signed(const yaml::node& n, demand& d) { return read_verifiers(n, d.verifiers); }

read_outcome read_fields(const yaml::node& n, attestation& a) {
  if (n.kind != yaml::node_kind::mapping || n.members.empty())
    return blame(n, "want a mapping of JSON pointers to values, such as {/predicate/builder/id: \"https://…\"}");
  for (const yaml::member& m : n.members) {
    if (auto good = check_pointer(m.key); !good) return blame(m, std::move(good.error().message));
    const auto text = one_text(m.value);
    if (!text) return within(m.key, text.error());
    a.fields.emplace(m.key, *text);
  }
  return {};
}

read_outcome read_attestation(const yaml::node& n, demand& d) {
  if (n.kind != yaml::node_kind::mapping)
    return blame(n, fmt::format("want a mapping of {{type: …, by: […], fields: {{…}}}}, not {}", to_string(n.kind)));
  attestation out;
  for (const yaml::member& m : n.members) {
    if (std::ranges::find(attestation_words, std::string_view(m.key)) == attestation_words.end())
      return blame(m, unknown_word("key of attested", m.key, attestation_words));
    read_outcome read;
    if (m.key == "type") {
      const auto text = one_text(m.value);
      if (text)
        out.type = *text;
      else
        read = std::unexpected(text.error());
    } else {
      read = m.key == "by" ? read_verifiers(m.value, out.by) : read_fields(m.value, out);
    }
    if (!read) return within(m.key, std::move(read.error()));
  }
  if (out.type.empty()) return blame(n, "type is missing: the predicateType, such as https://slsa.dev/provenance/v1");
  if (out.by.empty()) return blame(n, "by is missing: the verifiers, one of which must accept the attestation");
  if (std::ranges::find(d.attestations, out) != d.attestations.end()) return blame(n, "it is listed twice");
  d.attestations.push_back(std::move(out));
  return {};
}

read_outcome read_attested(const yaml::node& n, demand& d) {
  if (n.kind != yaml::node_kind::sequence) return read_attestation(n, d);
  if (n.items.empty()) return blame(n, "the list is empty; describe an attestation");
  for (const yaml::node& item : n.items)
    if (auto good = read_attestation(item, d); !good) return good;
  return {};
}

// The requirements that are mappings.
struct value_row {
  rules::requirement requirement;
  std::string_view example;
  read_outcome (*read)(const yaml::node&, demand&);
};
constexpr std::array<value_row, 5> value_rows{{
    {requirement::registry, "list the allowed ones: {registry: [docker.io, \"ghcr.io/acme/**\"]}", read_registries},
    {requirement::pull_policy, "list the allowed ones: {pull-policy: [IfNotPresent, Never]}", read_pull_policies},
    {requirement::signed_by, "name the verifiers: {signed: [acme]}", read_signed},
    {requirement::attested, "describe it: {attested: {type: \"https://slsa.dev/provenance/v1\", by: [acme]}}",
     read_attested},
    {requirement::unmoved, "say of which tags: {unmoved: version-tags}", read_unmoved},
}};

const value_row* row_of(requirement r) noexcept {
  const auto* const row = std::ranges::find(value_rows, r, &value_row::requirement);
  return row == value_rows.end() ? nullptr : row;
}

// {registry: […]}, {pull-policy: […]}, or several.
read_outcome read_demands_with_values(const yaml::node& n, rule& r) {
  if (n.members.empty())
    return blame(n, "nothing is demanded; write for example {registry: [docker.io, \"ghcr.io/acme/**\"]}");
  for (const yaml::member& m : n.members) {
    const auto wanted = parse_requirement(m.key);
    if (!wanted) return blame(m, unknown_word("requirement", m.key, requirement_words));
    const value_row* row = row_of(*wanted);
    if (row == nullptr) return blame(m, fmt::format("{} has no values: write it as a text, not a mapping", m.key));
    demand d{*wanted};
    auto read = row->read(m.value, d);
    if (!read) return within(m.key, std::move(read.error()));
    if (auto good = check_demand(d); !good) return blame(m.value, std::move(good.error().message));
    if (auto added = add_demand(m, std::move(d), r); !added) return added;
  }
  return {};
}

read_outcome read_demand(const yaml::node& n, rule& r) {
  if (n.kind == yaml::node_kind::mapping) return read_demands_with_values(n, r);
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  const auto wanted = parse_requirement(*text);
  if (!wanted) return blame(n, unknown_word("requirement", *text, requirement_words));
  if (const value_row* row = row_of(*wanted)) return blame(n, std::string(row->example));
  return add_demand(n, demand{*wanted}, r);
}

}  // namespace

bool has_values(requirement r) noexcept { return row_of(r) != nullptr; }

bool outlives_tags(requirement r) noexcept { return has_values(r) && r != requirement::unmoved; }

read_outcome read_demands(const yaml::node& n, rule& into) {
  if (n.kind != yaml::node_kind::sequence) return read_demand(n, into);
  if (n.items.empty()) return blame(n, "the list is empty; demand something, or leave the key out");
  for (const yaml::node& item : n.items)
    if (auto good = read_demand(item, into); !good) return good;
  return {};
}

}  // namespace pinhook::rules
