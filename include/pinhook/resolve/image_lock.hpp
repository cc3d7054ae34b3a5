// The digests that a lock file gives to tags.
//
//   lock.find("docker.io/library/nginx:1.25")->digest
//
// An immutable value once filled; any thread.
#pragma once

#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::resolve {

/// The digest that a tag has by now and that is not taken yet, since it was seen for a short time only.
struct seen_digest {
  registry::digest digest;
  /// Its first sight, RFC 3339 in UTC.
  std::string since;

  friend bool operator==(const seen_digest&, const seen_digest&) = default;
};

struct locked_image {
  registry::digest digest;
  /// When it was resolved, RFC 3339 in UTC: "2026-11-21T08:30:00Z"; empty when the file does not say.
  std::string when;
  /// None: the tag has not moved, as far as is known.
  std::optional<seen_digest> seen{};

  friend bool operator==(const locked_image&, const locked_image&) = default;
};

class image_lock {
 public:
  /// Null when the lock holds nothing for a canonical tag reference ("docker.io/library/nginx:1.25").
  [[nodiscard]] const locked_image* find(std::string_view canonical) const {
    const auto at = images_.find(canonical);
    return at == images_.end() ? nullptr : &at->second;
  }
  /// Replaces the entry of the same reference.
  void put(const registry::reference& ref, locked_image image) {
    images_.insert_or_assign(ref.canonical(), std::move(image));
  }
  /// Adds the entries of `other` for references that have none here.
  void add_missing(const image_lock& other) { images_.insert(other.images_.begin(), other.images_.end()); }
  /// Makes the entry of a canonical reference that of `from` again; without one there, there is none here.
  void restore(const std::string& canonical, const image_lock& from) {
    images_.erase(canonical);
    if (const locked_image* held = from.find(canonical)) images_.emplace(canonical, *held);
  }
  /// By canonical reference, sorted.
  [[nodiscard]] const std::map<std::string, locked_image, std::less<>>& images() const { return images_; }

  friend bool operator==(const image_lock&, const image_lock&) = default;

 private:
  std::map<std::string, locked_image, std::less<>> images_;
};

}  // namespace pinhook::resolve
