// Delegations of TUF 1.0: which roles may speak for a target, in place of the file that names them.
//
// Source: https://theupdateframework.github.io/specification/v1.0.33/#file-formats-targets; TAP 15 for succinct roles.
// Pure; any thread.
#pragma once

#include <pinhook/trust/tuf_file.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// A role, by the file that names its keys.
struct delegated_role {
  std::string name;
  tuf_role role;
  tuf_keys keys;
};

struct delegation_answer {
  /// In the order in which they are asked.
  std::vector<delegated_role> roles;
  /// The last of them is terminating: nobody else is asked.
  bool is_last = false;
};

/// The roles to which a targets file delegates the path: by a pattern for it (`*` and `?` within its parts), by the
/// beginning of its SHA-256, or by bins of that (succinct roles). Roles without keys or a threshold are none.
[[nodiscard]] delegation_answer roles_for(const tuf_file& targets, std::string_view path);

}  // namespace pinhook::trust
