#include <pinhook/base/duration.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/rules/read_rules.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

namespace pinhook::rules {
namespace {

// A mapping in flow style, one key after the other.
class mapping_text {
 public:
  void add(std::string_view key, std::string_view value) {
    if (!text_.empty()) text_ += ", ";
    text_ += fmt::format("{}: {}", key, value);
  }
  [[nodiscard]] std::string done() const { return '{' + text_ + '}'; }

 private:
  std::string text_;
};

std::string quoted_text(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

template <class List, class Text>
std::string list_of(const List& all, Text text) {
  std::vector<std::string> out;
  for (const auto& one : all) out.push_back(text(one));
  return fmt::format("[{}]", fmt::join(out, ", "));
}

template <class List, class Text>
void add_list(mapping_text& into, std::string_view key, const List& all, Text text) {
  if (!all.empty()) into.add(key, list_of(all, text));
}

// A group of one verifier is written as its name.
std::string groups_text(const verifier_groups& all) {
  return list_of(all, [](const std::vector<std::string>& group) {
    return group.size() == 1 ? quoted_text(group.front()) : list_of(group, quoted_text);
  });
}

std::string attestation_text(const attestation& a) {
  mapping_text out;
  out.add("type", quoted_text(a.type));
  out.add("by", groups_text(a.by));
  mapping_text fields;
  for (const auto& [pointer, value] : a.fields) fields.add(quoted_text(pointer), quoted_text(value));
  if (!a.fields.empty()) out.add("fields", fields.done());
  return out.done();
}

std::string demand_text(const demand& d) {
  mapping_text out;
  if (!d.values.empty())
    out.add(to_string(d.requirement), list_of(d.values, quoted_text));
  else if (!d.verifiers.empty())
    out.add(to_string(d.requirement), groups_text(d.verifiers));
  else if (!d.attestations.empty())
    out.add(to_string(d.requirement), list_of(d.attestations, attestation_text));
  else
    return std::string(to_string(d.requirement));
  return out.done();
}

std::string rule_text(const rule& r) {
  mapping_text out;
  if (!r.name.empty()) out.add("name", quoted_text(r.name));
  if (!r.preset.empty()) out.add("preset", r.preset);
  add_list(out, "images", r.about.images, [](const reference_pattern& p) { return quoted_text(p.text()); });
  add_list(out, "namespaces", r.about.namespaces, quoted_text);
  add_list(out, "kinds", r.about.kinds, quoted_text);
  add_list(out, "containers", r.about.containers, quoted_text);
  add_list(out, "types", r.about.types, [](pin::container_type t) { return std::string(to_string(t)); });
  if (r.pin) out.add("pin", to_string(*r.pin));
  if (r.format) out.add("format", to_string(*r.format));
  if (r.pull_policy) out.add("pullPolicy", to_string(*r.pull_policy));
  if (r.cooldown) out.add("cooldown", duration_text(*r.cooldown));
  if (r.demands.size() == 1) out.add("require", demand_text(r.demands.front()));
  if (r.demands.size() > 1) out.add("require", list_of(r.demands, demand_text));
  if (!r.demands.empty()) out.add("action", to_string(r.action));
  if (!r.message.empty()) out.add("message", quoted_text(r.message));
  return out.done();
}

}  // namespace

std::string write_rules(const rule_set& rules) { return list_of(rules.written(), rule_text); }

}  // namespace pinhook::rules
