// Keys as bits of a number, by which most keys that a mapping does not have are known without reading its own.
//
//   (mapping.keys & key_bit("image")) == 0    // it has no such key
//
// Values: any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook {

/// A key whose bit is missing is not among those of the number; one whose bit is there may be.
using key_bits = std::uint32_t;
inline constexpr key_bits all_keys = std::numeric_limits<key_bits>::max();

/// The length and the last letter tell the usual keys of manifests and values apart best.
[[nodiscard]] constexpr key_bits key_bit(std::string_view key) noexcept {
  if (key.empty()) return 1;
  return key_bits{1} << ((8 * key.size() + 31 * static_cast<unsigned char>(key.back())) % 32);
}

/// The bits of all of them.
template <class Keys>
[[nodiscard]] constexpr key_bits bits_of(const Keys& keys) noexcept {
  key_bits out = 0;
  for (const std::string_view key : keys) out |= key_bit(key);
  return out;
}

/// Keys to compare others with.
class key_list {
 public:
  void add(std::string_view key) {
    const auto at = std::ranges::lower_bound(keys_, key, is_before);
    if (at != keys_.end() && *at == key) return;
    keys_.emplace(at, key);
    bits_ |= key_bit(key);
  }
  [[nodiscard]] bool is_empty() const { return keys_.empty(); }
  [[nodiscard]] key_bits bits() const { return bits_; }
  [[nodiscard]] bool holds(std::string_view key) const {
    if ((bits_ & key_bit(key)) == 0) return false;
    const auto at = std::ranges::lower_bound(keys_, key, is_before);
    return at != keys_.end() && *at == key;
  }

 private:
  // By length, so that few texts are compared.
  static bool is_before(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }

  // Sorted.
  std::vector<std::string> keys_;
  key_bits bits_ = 0;
};

}  // namespace pinhook
