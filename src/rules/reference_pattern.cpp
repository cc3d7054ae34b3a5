#include <pinhook/rules/reference_pattern.hpp>

#include <fmt/format.h>

#include <utility>

namespace pinhook::rules {

result<reference_pattern> reference_pattern::parse(std::string_view text) {
  if (text.empty() || text.size() > max_pattern_size)
    return fail(error_code::invalid_input,
                fmt::format("a pattern has 1 to {} characters, not {}", max_pattern_size, text.size()));
  reference_pattern out;
  out.text_ = text;
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) out.digest_ = glob(text.substr(at + 1));
  std::string_view name = text.substr(0, at);
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) out.tag_ = glob(name.substr(colon + 1));
  name = name.substr(0, colon);
  out.name_ = glob(name == "*" ? "**" : name);
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

bool reference_pattern::covers(const reference_pattern& other) const {
  if (!tag_.is_empty() && (other.tag_.is_empty() || !tag_.covers(other.tag_))) return false;
  if (!digest_.is_empty() && (other.digest_.is_empty() || !digest_.covers(other.digest_))) return false;
  return name_.covers(other.name_);
}

std::string_view canonical_name(const registry::reference& ref) {
  return std::string_view(ref.canonical()).substr(0, ref.registry().size() + 1 + ref.repository().size());
}

}  // namespace pinhook::rules
