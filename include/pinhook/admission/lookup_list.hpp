// The look-ups of a request, without repetitions.
//
// One request, one thread.
#pragma once

#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace pinhook::admission {

struct lookup {
  registry::reference ref;
  bool past_cache = false;
  /// Index in inquiry::tenants: the look-up uses the credentials of this tenant.
  std::size_t tenant = 0;
};

/// Slots that mean the same image for the same tenant share a look-up. A few look-ups are compared one by one; where
/// there are many, only those of the same hash are compared, so that the time grows only in proportion to their number.
class lookup_list {
 public:
  /// `all` outlives it.
  explicit lookup_list(std::vector<lookup>& all) : all_(all) {}

  /// The index of that look-up, which is added where it is not there.
  std::size_t place_of(const registry::reference& ref, bool past_cache, std::size_t tenant) {
    const auto is_same = [&](const lookup& l) {
      return l.tenant == tenant && l.past_cache == past_cache && l.ref.canonical() == ref.canonical();
    };
    if (all_.size() < few) {
      const auto found = std::ranges::find_if(all_, is_same);
      if (found != all_.end()) return static_cast<std::size_t>(found - all_.begin());
    } else {
      for (; hashed_ < all_.size(); ++hashed_) by_hash_.emplace(hash(all_[hashed_].ref), hashed_);
      for (auto [at, end] = by_hash_.equal_range(hash(ref)); at != end; ++at)
        if (is_same(all_[at->second])) return at->second;
    }
    all_.push_back({ref, past_cache, tenant});
    return all_.size() - 1;
  }

 private:
  static constexpr std::size_t few = 16;
  static std::size_t hash(const registry::reference& ref) { return std::hash<std::string>()(ref.canonical()); }

  std::vector<lookup>& all_;
  std::unordered_multimap<std::size_t, std::size_t> by_hash_;
  std::size_t hashed_ = 0;
};

}  // namespace pinhook::admission
