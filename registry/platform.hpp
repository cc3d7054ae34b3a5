// Which manifest of an image index a platform runs, and whether an image is for it.
//
//   const auto wanted = platform::parse("linux/arm64");
//   auto part = part_for(q, index_text, *wanted);      // the digest inside the index, or the configuration to be read
//
// Sources: OCI image-spec image-index.md (platform; "the first matching entry"), and containerd/platforms for names
// that mean the same and for variants: linux/arm64 is linux/arm64/v8, linux/arm is linux/arm/v7, linux/amd64 is
// linux/amd64/v1, and a processor of one variant runs the lower ones of the same architecture. An os.version is not
// compared. Pure functions on values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/error_body.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace pinhook::registry {

/// In the canonical names: "amd64" and not "x86_64". The variant is empty where it is the architecture's usual one.
struct platform {
  std::string os;
  std::string architecture;
  std::string variant;

  /// "linux/amd64", "linux/arm/v6". invalid_input: the message shows the form.
  [[nodiscard]] static result<platform> parse(std::string_view text);
  /// As an index or a configuration names it; other spellings become the canonical ones.
  [[nodiscard]] static platform of(std::string_view os, std::string_view architecture, std::string_view variant);

  /// "linux/arm/v6"
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const platform&, const platform&) = default;
};

/// Bytes of a platform as a person says it.
inline constexpr std::size_t max_platform_size = 100;
/// Platforms of an index that a message lists.
inline constexpr std::size_t max_listed_platforms = 20;

/// The image is no index: what it is for stands in its configuration.
struct ask_configuration {
  digest where;
};

/// What an index names for a platform.
struct index_entry {
  digest where;
  /// An index within the index: it is to be looked into (platform_walk).
  bool is_index = false;
  /// False: the entry names no platform; what it is for stands in what it leads to.
  bool has_platform = true;
};

/// The platform's part of `text`, an index or image manifest that decide_get has found good. As containerd chooses
/// (core/images/image.go): the best of the entries that are for the platform; where none is, the first that names no
/// platform. not_found: there is neither; the message lists what it has. malformed: the part that is needed is no
/// digest.
[[nodiscard]] std::variant<index_entry, ask_configuration, error> part_for(const refused_request& about,
                                                                           std::string_view text,
                                                                           const platform& wanted);

/// Whether an image whose configuration is `text` is for that platform. malformed: its bytes are not those that `named`
/// names, or no configuration. not_found: it is for another, or does not say for which.
[[nodiscard]] result<void> check_configuration(const refused_request& about, std::string_view text, const digest& named,
                                               const platform& wanted);

}  // namespace pinhook::registry
