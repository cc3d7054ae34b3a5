#include <pinhook/files/values_slot.hpp>

#include <pinhook/files/helm_scalar.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_kind;

using pin::digest_algorithm;
using pin::digest_keys;
using pin::registry_keys;
using pin::repository_keys;

// "!!str 1.10"
bool is_tagged_string(const image_search& in, const yaml::source_node& n) {
  std::string_view before = in.text.substr(0, n.span.begin);
  while (before.ends_with(' ')) before.remove_suffix(1);
  return before.ends_with("!!str") || before.ends_with(" !");
}

bool is_text(const image_search& in, const yaml::source_node& n) {
  if (n.has_tag) return is_tagged_string(in, n);
  return n.form != scalar_form::plain && n.form != scalar_form::none;
}

// The problem of a tag that Helm does not read as the written text; empty for all others.
std::string number_problem(const image_search& in, const found_image& image) {
  const std::string_view text = scalar_at(in.doc, image.tag);
  if (text.empty() || is_text(in, in.doc.at(in.doc.resolve(image.tag))) || is_same_in_helm(text)) return {};
  const auto read = read_by_helm(text);
  const std::string result = read.is_empty       ? "reads it as no tag"
                             : read.text.empty() ? "cannot write it"
                                                 : fmt::format("writes {}", read.text);
  return fmt::format("YAML does not read the tag {} as a string, and Helm {}", text, result);
}

// Registries around the mapping that are not empty, each once.
std::vector<outer_part> registries_around(image_search& in, node_index mapping) {
  std::vector<outer_part> out;
  for (outer_part& one : in.scopes.around(in.doc, mapping))
    if (one.kind == part_kind::registry && !one.text.empty() &&
        std::ranges::find(out, one.text, &outer_part::text) == out.end())
      out.push_back(std::move(one));
  return out;
}

// Takes the registry when both kinds of charts would use the same: those where `global.imageRegistry` wins and those
// where it is only a default. Otherwise returns the problem.
std::string settle_registry(image_search& in, found_image& image) {
  const auto outer = registries_around(in, image.mapping);
  const std::string_view own = scalar_at(in.doc, image.registry);
  if (outer.empty() || (outer.size() == 1 && outer[0].text == own)) return {};
  const auto& first = outer[0];
  if (outer.size() == 1 && own.empty() && image.registry != no_node &&
      !pin::names_registry(scalar_at(in.doc, image.name))) {
    image.registry = first.value;
    return {};
  }
  return fmt::format("the chart decides whether {}, {}, is part of its name", first.path, quoted(first.text));
}

// The problem of another part, which is not put together here. Empty: none. `is_image`: the mapping holds only an
// image.
std::string other_part(image_search& in, const found_image& image, std::string_view where, bool is_image) {
  const auto named = [&](std::string_view key) {
    return may_put(fmt::format("{}{}{}", where, where.empty() ? "" : ".", key));
  };
  for (const std::string_view key : registry_keys)
    if (!is_scalar(in, in.find(image.mapping, key))) return named(key);
  const auto says = [&](std::string_view key) { return !scalar_at(in.doc, in.find(image.mapping, key)).empty(); };
  for (const std::string_view key : pin::other_parts)
    if (says(key)) return named(key);
  if (is_image || image.registry != no_node)
    for (const std::string_view key : pin::hinted_parts)
      if (says(key)) return named(key);
  const auto is_name_at = [&](std::string_view key) { return image.name == in.find(image.mapping, key); };
  if (is_name_at(pin::image_key))
    if (const auto key = front_part(in, image.mapping, scalar_at(in.doc, image.name)); !key.empty()) return named(key);
  if (is_name_at(repository_keys[0]) || is_name_at(repository_keys[1]))
    for (const std::string_view key : pin::extension_keys)
      if (const auto text = string_at(in.doc, in.find(image.mapping, key));
          text && pin::may_extend(scalar_at(in.doc, image.name), key, *text))
        return named(key);
  auto around = in.scopes.within(in.doc, image.mapping);
  for (outer_part& one : in.scopes.around(in.doc, image.mapping)) around.push_back(std::move(one));
  for (const outer_part& one : around)
    if (one.kind == part_kind::affix && !one.text.empty()) return may_put(one.path);
  return {};
}

// A digest in two members: one of them would stay when the other changes.
void judge_second_digest(const image_search& in, found_image& image) {
  const std::string_view digest = scalar_at(in.doc, image.digest);
  const auto hex = [](std::string_view text) {
    return text.starts_with(digest_algorithm) ? text.substr(digest_algorithm.size()) : text;
  };
  for (const std::string_view key : digest_keys) {
    const node_index other = in.find(image.mapping, key);
    const std::string_view text = scalar_at(in.doc, other);
    if (digest.empty() || text.empty() || in.doc.resolve(other) == in.doc.resolve(image.digest)) continue;
    image.slot.problem = fmt::format("its digest is in {} and in {}", scalar_at(in.doc, image.digest_key), key);
    image.slot.remedy = "empty one of them";
    image.slot.reason = hex(text) == hex(digest) ? skip_reason::split : skip_reason::invalid;
  }
}

}  // namespace

bool is_scalar(const image_search& in, node_index i) {
  return i == no_node || in.doc.at(in.doc.resolve(i)).kind == source_kind::scalar;
}

std::string put_together(const image_search& in, const found_image& image) {
  std::string_view registry = scalar_at(in.doc, image.registry);
  // Some charts write it in front of the name as it is: "quay.io/".
  if (registry.ends_with('/')) registry.remove_suffix(1);
  const std::string_view tag = scalar_at(in.doc, image.tag);
  const std::string_view digest = scalar_at(in.doc, image.digest);
  std::string out = registry.empty() ? std::string() : fmt::format("{}/", registry);
  out += scalar_at(in.doc, image.name);
  const bool is_digest = image.has_digest_as_tag && tag.starts_with(digest_algorithm);
  if (!tag.empty()) out += fmt::format("{}{}", is_digest ? '@' : ':', tag);
  if (!digest.empty()) out += fmt::format("@{}{}", image.is_hex_digest ? digest_algorithm : "", digest);
  return out;
}

bool has_digest(const image_search& in, const found_image& image) {
  const std::string_view tag = scalar_at(in.doc, image.tag);
  return !scalar_at(in.doc, image.digest).empty() || tag.contains('@') ||
         (image.has_digest_as_tag && tag.starts_with(digest_algorithm));
}

std::string may_put(std::string_view path) { return fmt::format("the chart may put {} before or after it", path); }

void complete_slot(image_search& in, found_image& out, std::string pointer, bool is_image) {
  slot& s = out.slot;
  s.document = in.document;
  s.name = path_text(pointer);
  s.form = slot_form::values;
  s.pointer = std::move(pointer);
  s.pull_policy = pull_policy_beside(in, out.mapping);
  const bool has_tag = !scalar_at(in.doc, out.tag).empty();
  const yaml::source_node& place = in.doc.at(has_tag ? out.tag : out.name);
  s.line = place.line;
  s.column = place.column;
  std::string split = settle_registry(in, out);
  if (split.empty()) split = other_part(in, out, s.name, is_image);
  s.written = put_together(in, out);
  if (!has_tag && !has_digest(in, out)) {
    s.reason = skip_reason::no_tag_here;
  } else if (has_digest(in, out)) {
    // The digest is known, but not the image that its tag refers to now.
    s.problem = std::move(split);
    judge_second_digest(in, out);
  } else if (!split.empty()) {
    s.reason = skip_reason::split;
    s.problem = std::move(split);
  } else if (auto number = number_problem(in, out); !number.empty()) {
    s.reason = skip_reason::number_tag;
    s.problem = std::move(number);
    s.remedy =
        fmt::format("quote it: {}: \"{}\"", in.doc.at(in.doc.resolve(out.tag_key)).text, scalar_at(in.doc, out.tag));
    return;
  }
  if (!s.problem.empty() && s.remedy.empty()) s.remedy = rendered_first;
}

void complete_values(image_search& in, found_image& image, std::string pointer) {
  values_scopes outer = std::exchange(in.scopes, values_scopes(image.mapping));
  complete_slot(in, image, std::move(pointer), false);
  in.scopes = std::move(outer);
}

}  // namespace pinhook::files
