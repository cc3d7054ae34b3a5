#include <pinhook/rules/matcher.hpp>

#include <algorithm>
#include <bit>

namespace pinhook::rules {
namespace {

constexpr std::uint8_t every_type = 0xff;

constexpr std::uint8_t type_bit(pin::container_type t) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(t));
}

std::string_view group_name(std::string_view group) { return group.empty() ? std::string_view("core") : group; }

bool is_in(const std::vector<glob>& any_of, std::string_view name) {
  return std::ranges::any_of(any_of, [&](const glob& g) { return g.matches(name); });
}

bool is_for_any_image(const reference_pattern& p) {
  static const reference_pattern any = reference_pattern::parse("**").value();
  return p.covers(any);
}

/// An empty list matches everything.
template <class T>
bool list_covers(const std::vector<T>& wide, const std::vector<T>& narrow) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::ranges::all_of(narrow, [&](const T& n) {
    return std::ranges::any_of(wide, [&](const T& w) { return w.covers(n); });
  });
}

}  // namespace

matcher::matcher(const condition& about) : images_(about.images) {
  if (std::ranges::any_of(images_, is_for_any_image)) images_.clear();
  for (const std::string& n : about.namespaces) namespaces_.push_back(glob::of_word(n));
  for (const std::string& c : about.containers) containers_.push_back(glob::of_word(c));
  for (const std::string_view k : about.kinds) {
    const std::size_t slash = k.find('/');
    const bool has_group = slash != std::string_view::npos;
    groups_.push_back(glob::of_word(has_group ? group_name(k.substr(0, slash)) : "*"));
    kinds_.push_back(glob::of_word(has_group ? k.substr(slash + 1) : k));
  }
  for (const pin::container_type t : about.types) types_ |= type_bit(t);
  if (about.types.empty()) types_ = every_type;
}

bool matcher::matches_place(const subject& s) const {
  if ((types_ & type_bit(s.type)) == 0) return false;
  if (!namespaces_.empty() && (!s.ns || !is_in(namespaces_, *s.ns))) return false;
  if (!containers_.empty() && (s.container.empty() || !is_in(containers_, s.container))) return false;
  if (kinds_.empty()) return true;
  for (std::size_t i = 0; i < kinds_.size() && !s.kind.empty(); ++i)
    if (kinds_[i].matches(s.kind) && groups_[i].matches(group_name(s.group))) return true;
  return false;
}

bool matcher::matches_image(const registry::reference& ref) const {
  return images_.empty() || std::ranges::any_of(images_, [&](const reference_pattern& p) { return p.matches(ref); });
}

bool matcher::matches_all() const {
  return images_.empty() && namespaces_.empty() && containers_.empty() && kinds_.empty() && types_ == every_type;
}

bool matcher::covers(const matcher& other) const {
  return (other.types_ & ~types_) == 0 && list_covers(namespaces_, other.namespaces_) &&
         list_covers(containers_, other.containers_) && covers_kinds(other) && list_covers(images_, other.images_);
}

bool matcher::covers_kinds(const matcher& other) const {
  if (kinds_.empty()) return true;
  for (std::size_t n = 0; n < other.kinds_.size(); ++n) {
    bool is_covered = false;
    for (std::size_t w = 0; w < kinds_.size() && !is_covered; ++w)
      is_covered = kinds_[w].covers(other.kinds_[n]) && groups_[w].covers(other.groups_[n]);
    if (!is_covered) return false;
  }
  return !other.kinds_.empty();
}

pin::container_type matcher::a_type() const { return static_cast<pin::container_type>(std::countr_zero(types_)); }

}  // namespace pinhook::rules
