// Reads the parts of lock files and of files of moved tags from YAML nodes: digests, times, mappings with known keys.
//
// All of them: malformed, with line and column. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/yaml/document.hpp>

#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pinhook::files {

/// "line 3, column 5: …" at the node.
[[nodiscard]] std::unexpected<error> refuse_node(const yaml::node& at, std::string_view message);

/// Refuses a key that is none of these.
[[nodiscard]] result<void> want_keys(const yaml::node& mapping, std::initializer_list<std::string_view> known);

/// The scalar under a key; null when there is none.
[[nodiscard]] result<const yaml::node*> text_under(const yaml::node& mapping, std::string_view key);

/// There must be one.
[[nodiscard]] result<registry::digest> digest_under(const yaml::node& mapping, std::string_view key);

/// As it is written: RFC 3339 in UTC; empty when there is none.
[[nodiscard]] result<std::string> time_under(const yaml::node& mapping, std::string_view key);

/// The key of a member as a reference with a tag and without a digest.
[[nodiscard]] result<registry::reference> tag_of(const yaml::member& member);

}  // namespace pinhook::files
