// A rule's condition, compiled for matching.
//
//   const matcher m(rule.about);
//   if (m.matches_place(s) && m.matches_image(*s.ref)) …
//
// Immutable; any thread.
#pragma once

#include <pinhook/base/glob.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/reference_pattern.hpp>
#include <pinhook/rules/rule.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pinhook::rules {

/// An image and its place.
struct subject {
  /// As written. Never null.
  const registry::reference* ref = nullptr;
  /// None: not known, as for most files.
  std::optional<std::string_view> ns = {};
  /// Of the object; "" is core. An empty kind: it is in no object (a kustomization, a Compose file).
  std::string_view group = {}, kind = {};
  /// Empty: it has no name, and no rule with `containers` matches.
  std::string_view container = {};
  pin::container_type type = pin::container_type::other;
};

class matcher {
 public:
  explicit matcher(const condition& about);

  [[nodiscard]] bool matches(const subject& s) const { return matches_place(s) && matches_image(*s.ref); }
  /// All of the condition but its images.
  [[nodiscard]] bool matches_place(const subject& s) const;
  [[nodiscard]] bool matches_image(const registry::reference& ref) const;

  /// True: this matches every subject that `other` matches. It may miss some, but is never wrong.
  [[nodiscard]] bool covers(const matcher& other) const;

  /// It is no condition at all.
  [[nodiscard]] bool matches_all() const;
  /// Empty where one of the patterns matches every image.
  [[nodiscard]] const std::vector<reference_pattern>& images() const { return images_; }
  [[nodiscard]] const std::vector<glob>& namespaces() const { return namespaces_; }
  [[nodiscard]] const std::vector<glob>& containers() const { return containers_; }
  /// Side by side; "core" for the core group, "*" where no group is written.
  [[nodiscard]] const std::vector<glob>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<glob>& kinds() const { return kinds_; }
  /// One of the types that it matches.
  [[nodiscard]] pin::container_type a_type() const;

 private:
  [[nodiscard]] bool covers_kinds(const matcher& other) const;

  std::vector<reference_pattern> images_;
  std::vector<glob> namespaces_, containers_, groups_, kinds_;
  /// One bit a type.
  std::uint8_t types_ = 0;
};

}  // namespace pinhook::rules
