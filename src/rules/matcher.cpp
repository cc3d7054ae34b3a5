#include <pinhook/rules/matcher.hpp>

#include <algorithm>

namespace pinhook::rules {
namespace {

constexpr std::uint8_t every_type = 0xff;

constexpr std::uint8_t bit_of(pin::container_type t) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(t));
}

std::string_view group_name(std::string_view group) { return group.empty() ? std::string_view("core") : group; }

bool is_in(const std::vector<glob>& any_of, std::string_view name) {
  return std::ranges::any_of(any_of, [&](const glob& g) { return g.matches(name); });
}

/// An empty list is about everything.
template <class T>
bool list_covers(const std::vector<T>& wide, const std::vector<T>& narrow) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::ranges::all_of(narrow, [&](const T& n) {
    return std::ranges::any_of(wide, [&](const T& w) { return w.covers(n); });
  });
}

}  // namespace

bool matcher::kind_pattern::matches(std::string_view of_group, std::string_view of_kind) const {
  return kind.matches(of_kind) && group.matches(group_name(of_group));
}

bool matcher::kind_pattern::covers(const kind_pattern& other) const {
  return kind.covers(other.kind) && group.covers(other.group);
}

matcher::matcher(const condition& about) : images_(about.images) {
  for (const std::string& n : about.namespaces) namespaces_.push_back(glob::of_word(n));
  for (const std::string& c : about.containers) containers_.push_back(glob::of_word(c));
  for (const std::string& k : about.kinds) {
    const std::size_t slash = k.find('/');
    if (slash == std::string::npos)
      kinds_.push_back({glob("*"), glob::of_word(k)});
    else
      kinds_.push_back(
          {glob::of_word(group_name(std::string_view(k).substr(0, slash))), glob::of_word(k.substr(slash + 1))});
  }
  for (const pin::container_type t : about.types) types_ |= bit_of(t);
  if (about.types.empty()) types_ = every_type;
}

bool matcher::matches_place(const subject& s) const {
  if ((types_ & bit_of(s.type)) == 0) return false;
  if (!namespaces_.empty() && (!s.ns || !is_in(namespaces_, *s.ns))) return false;
  if (!containers_.empty() && (s.container.empty() || !is_in(containers_, s.container))) return false;
  return kinds_.empty() || (!s.kind.empty() && std::ranges::any_of(kinds_, [&](const kind_pattern& k) {
           return k.matches(s.group, s.kind);
         }));
}

bool matcher::matches_image(const registry::reference& ref) const {
  return images_.empty() || std::ranges::any_of(images_, [&](const reference_pattern& p) { return p.matches(ref); });
}

bool matcher::covers(const matcher& other) const {
  return (other.types_ & ~types_) == 0 && list_covers(namespaces_, other.namespaces_) &&
         list_covers(containers_, other.containers_) && list_covers(kinds_, other.kinds_) &&
         list_covers(images_, other.images_);
}

}  // namespace pinhook::rules
