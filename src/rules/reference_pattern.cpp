#include <pinhook/rules/reference_pattern.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/rules/name_grammar.hpp>
#include <pinhook/rules/pattern_fault.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::rules {
namespace {

/// A name with more in it than the shortest; empty when it would be the same. Two patterns that both match the shortest
/// name of one mostly differ in this.
std::string long_example(const glob& name) {
  std::string out;
  const std::string& text = name.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '*') {
      out += text[i];
    } else if (text.compare(i, 2, "**") == 0) {
      out += i == 0 ? "zq.zq/zq" : "zq/zq";
      ++i;
    } else {
      out += i == 0 ? "zq.zq" : "zq";
    }
  }
  return name_grammar::instance().accepts(out) ? out : "";
}

/// Most names: common_registry would change nothing, and is not asked.
bool is_surely_common(std::string_view registry) {
  const std::size_t colon = registry.rfind(':');
  const bool has_plain_port =
      colon == std::string_view::npos ||
      (colon + 1 < registry.size() && registry[colon + 1] != '0' && registry.substr(colon) != ":443");
  return has_plain_port && std::ranges::none_of(registry, is_upper);
}

}  // namespace

result<reference_pattern> reference_pattern::parse(std::string_view text) {
  if (const auto fault = fault_of_pattern(text))
    return fail(error_code::invalid_input, fmt::format("{} can match no image: {}", quoted(text), *fault));
  const pattern_parts parts = split_pattern(text);
  reference_pattern out;
  out.text_ = text;
  out.name_ = glob(parts.name == "*" ? "**" : parts.name);
  if (parts.tag) out.tag_ = glob::of_word(*parts.tag);
  if (parts.digest) out.digest_ = glob::of_word(*parts.digest);
  out.example_ = shortest_name(out.name_).name;
  out.long_example_ = long_example(out.name_);
  return out;
}

bool reference_pattern::matches(const registry::reference& ref) const {
  if (!tag_.is_empty()) {
    const std::string_view tag = ref.effective_tag();
    if (tag.empty() || !tag_.matches(tag)) return false;
  }
  if (!digest_.is_empty() && (!ref.digest() || !digest_.matches(ref.digest()->to_string()))) return false;
  return name_.matches(canonical_name(ref));
}

// Names, tags and digests combine freely, so that each is compared alone. A pattern without a tag also matches images
// without a written tag, one without a digest images that have none.
bool reference_pattern::covers(const reference_pattern& other) const {
  if (!tag_.is_empty() && (other.tag_.is_empty() || !tag_.covers(other.tag_))) return false;
  if (!digest_.is_empty() && (other.digest_.is_empty() || !digest_.covers(other.digest_))) return false;
  if (!name_.matches(other.example_)) return false;
  if (!other.long_example_.empty() && !name_.matches(other.long_example_)) return false;
  return covers_names(name_, other.name_);
}

std::string_view canonical_name(const registry::reference& ref) {
  return std::string_view(ref.canonical()).substr(0, ref.registry().size() + 1 + ref.repository().size());
}

std::optional<registry::reference> in_common_spelling(const registry::reference& ref) {
  if (is_surely_common(ref.registry())) return std::nullopt;
  const std::string common = common_registry(ref.registry());
  if (common == ref.registry()) return std::nullopt;
  std::string text = fmt::format("{}/{}", common, ref.repository());
  if (!ref.tag().empty()) text += ":" + ref.tag();
  if (ref.digest()) text += "@" + ref.digest()->to_string();
  auto out = registry::reference::parse(text);
  if (!out) return std::nullopt;
  return *std::move(out);
}

}  // namespace pinhook::rules
