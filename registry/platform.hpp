// Selects the manifest of an image index that a platform runs, and checks whether an image is for it.
//
//   const auto wanted = platform::parse("linux/arm64");
//   auto part = part_for(request, index_text, *wanted);  // the digest inside the index, or the configuration to read
//
// Sources: OCI image-spec image-index.md (platform; "the first matching entry"), and containerd/platforms for
// synonymous names and for variants: linux/arm64 is linux/arm64/v8, linux/arm is linux/arm/v7, linux/amd64 is
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

/// Bytes of a platform as a user writes it.
inline constexpr std::size_t max_platform_size = 100;
/// Platforms of an index that a message lists.
inline constexpr std::size_t max_listed_platforms = 20;

/// The image is not an index: its configuration names its platform.
struct ask_configuration {
  registry::digest digest;
};

/// An index's entry for a platform.
struct index_entry {
  registry::digest digest;
  /// An index within the index, which is to be read next (platform_walk).
  bool is_index = false;
  /// False: the entry names no platform; its target does.
  bool has_platform = true;
};

/// The platform's part of `text`, an index or image manifest that decide_get has accepted. It chooses as containerd
/// does (core/images/image.go): the best of the entries for the platform, else the first that names no platform.
/// not_found: there is neither; the message lists the platforms of the index. malformed: the entry has no valid digest.
[[nodiscard]] std::variant<index_entry, ask_configuration, error> part_for(const refused_request& about,
                                                                           std::string_view text,
                                                                           const platform& wanted);

/// Checks whether an image whose configuration is `text` is for that platform. malformed: its bytes do not have the
/// digest `named`, or are not a configuration. not_found: it is for another platform, or names none.
[[nodiscard]] result<void> check_configuration(const refused_request& about, std::string_view text, const digest& named,
                                               const platform& wanted);

}  // namespace pinhook::registry
