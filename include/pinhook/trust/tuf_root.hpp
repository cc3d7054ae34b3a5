// A root file of The Update Framework: the keys of each role, and so where trust in all other files begins.
//
// Immutable values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/trust/tuf_file.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace pinhook::trust {

/// Root files that are walked through: a repository that changes its root each month for 20 years has fewer. python-tuf
/// has the same limit.
inline constexpr std::size_t max_tuf_roots = 256;

struct tuf_root {
  tuf_file file;
  tuf_keys keys;

  /// malformed, as tuf_file::parse. Nothing is verified.
  [[nodiscard]] static result<tuf_root> read(std::string_view text, tuf_coding in);
  /// Who signs for "root", "timestamp", "snapshot" or "targets".
  [[nodiscard]] std::optional<tuf_role> role(std::string_view name) const;
  [[nodiscard]] bool has_signed(const tuf_file& other, std::string_view name) const;
  [[nodiscard]] bool has_signed_itself() const { return has_signed(file, "root"); }
  /// True when `next` is the root after this one: its number is, and those who sign for roots have signed it, by this
  /// one and by its own.
  [[nodiscard]] bool leads_to(const tuf_root& next) const;
};

}  // namespace pinhook::trust
