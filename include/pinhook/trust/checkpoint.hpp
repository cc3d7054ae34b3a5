// Heads of a transparency log's tree, signed, and paths that lead to them.
//
//   const auto head = checkpoint::parse(note);
//   if (head && head->is_signed_by(log) && root_of(leaf, proof, head->size) == head->root) …
//
// Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint; RFC 6962 §2.1 for the tree. Pure; any
// thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/trust/log_entry.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

struct checkpoint {
  /// All that is signed, with the last line end.
  std::string text;
  std::string origin;
  std::int64_t size = 0;
  /// 32 bytes.
  std::string root;
  struct line {
    std::string name;
    /// The first four bytes of the key's ID.
    std::string hint;
    std::string value;
  };
  std::vector<line> signatures;

  /// malformed: it is not a note with these lines. Lines of witnesses are read like others.
  [[nodiscard]] static result<checkpoint> parse(std::string_view note);
  /// Under the log's name, which is its host.
  [[nodiscard]] bool is_signed_by(const trusted_log& log) const;
};

/// The hash of an entry in the tree.
[[nodiscard]] std::string leaf_hash(std::string_view entry);

/// The root of a tree of `size` entries, in which the path leads up from `leaf` at `index`. No value: the path does not
/// fit that place.
[[nodiscard]] std::optional<std::string> root_of(std::string_view leaf, std::int64_t index, std::int64_t size,
                                                 const std::vector<std::string>& path);

}  // namespace pinhook::trust
