// An image in parts: a mapping with `repository` and `tag`, a string `image` with `tag` beside it, and their like in
// Helm values and custom resources. The names of the parts, as tables, for files and for admission; operator_images.hpp
// has the operators that put them together in another way.
//
// Constant; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace pinhook::pin {

inline constexpr std::array<std::string_view, 3> registry_keys{"registry", "hub", "imageRegistry"};

inline constexpr std::array<std::string_view, 1> tag_key{"tag"};
/// In a mapping that is called an image, and beside a string `image`.
inline constexpr std::array<std::string_view, 6> tag_keys{"tag",     "imageTag",     "image_tag",
                                                          "version", "imageVersion", "image_version"};
/// Beside a string `image` of a custom resource: a `version` there may be that of anything.
inline constexpr std::array<std::string_view, 3> certain_tag_keys{"tag", "imageTag", "image_tag"};
/// Beside a string `initImage`: "initImageTag".
inline constexpr std::array<std::string_view, 4> tag_endings{"Tag", "_tag", "Version", "_version"};
/// "initImageDigest"
inline constexpr std::string_view digest_ending = "Digest";

/// The name in a mapping that is called an image; in others the first one alone. The last one counts only beside a tag.
inline constexpr std::array<std::string_view, 3> repository_keys{"repository", "repo", "name"};

/// For sha and sha256 charts write "@sha256:{{ … }}", so that they hold only the hex digits (kube-prometheus-stack,
/// Grafana).
inline constexpr std::array<std::string_view, 3> digest_keys{"digest", "sha256", "sha"};
inline constexpr std::string_view digest_algorithm = "sha256:";

/// True for a digest key whose value has no "sha256:" before it.
[[nodiscard]] bool holds_hex_digest(std::string_view digest_key, std::string_view value);

/// Other parts of a name or a tag beside `repository` and `tag`. The hinted parts count only in a mapping that is
/// called an image or has a registry: others have a `namespace` or a `host` for other purposes, too.
inline constexpr std::array<std::string_view, 4> other_parts{"org", "organization", "organisation", "imageNamespace"};
inline constexpr std::array<std::string_view, 18> hinted_parts{
    "namespace", "owner",  "host",    "hostname", "domain",  "server",  "path", "prefix", "suffix",
    "variant",   "flavor", "flavour", "distro",   "project", "account", "arch", "url",    "base"};

enum class part_kind : std::uint8_t {
  registry,  // text before the name, with a slash
  tag,       // text after it, with a colon
  affix,     // text before or after the name or the tag, in an unknown way
};

/// Keys in the mappings around an image that may be a part of it. The names that Istio (hub), Bitnami
/// (global.imageRegistry) and others use.
inline constexpr std::array<std::pair<std::string_view, part_kind>, 31> outer_part_keys{
    {{"registry", part_kind::registry},
     {"hub", part_kind::registry},
     {"imageRegistry", part_kind::registry},
     {"image_registry", part_kind::registry},
     {"dockerRegistry", part_kind::registry},
     {"containerRegistry", part_kind::registry},
     {"registryUrl", part_kind::registry},
     {"tag", part_kind::tag},
     {"imageTag", part_kind::tag},
     {"image_tag", part_kind::tag},
     {"version", part_kind::tag},
     {"imageVersion", part_kind::tag},
     {"image_version", part_kind::tag},
     {"appVersion", part_kind::tag},
     {"defaultTag", part_kind::tag},
     {"defaultImageTag", part_kind::tag},
     {"dockerTag", part_kind::tag},
     {"tagPrefix", part_kind::affix},
     {"tag_prefix", part_kind::affix},
     {"tagSuffix", part_kind::affix},
     {"tag_suffix", part_kind::affix},
     {"imageTagPrefix", part_kind::affix},
     {"imageTagSuffix", part_kind::affix},
     {"imagePrefix", part_kind::affix},
     {"image_prefix", part_kind::affix},
     {"imageSuffix", part_kind::affix},
     {"image_suffix", part_kind::affix},
     {"registryHost", part_kind::affix},
     {"registryPrefix", part_kind::affix},
     {"repositoryPrefix", part_kind::affix},
     {"imageRepositoryPrefix", part_kind::affix}}};

/// True for a Git repository's address, or a chart's: its `tag` is no image's.
[[nodiscard]] bool is_repository_address(std::string_view text);

/// The keys beside a `repository` whose text may be a further part of it: {repository: quay.io/acme, name: engine}.
inline constexpr std::array<std::string_view, 3> extension_keys{"name", "image", "imageName"};

/// The keys beside a string `image` whose text may stand before it: {repository: nvcr.io/nvidia, image: driver}.
inline constexpr std::array<std::string_view, 5> front_keys{"repository", "repo", "imageRepository", "imageRepo",
                                                            "image_repository"};

/// True when `text`, under an extension key beside `repository`, may be a further part of it: not when the repository
/// ends with it; a `name` only behind a repository of one part, "acme", "quay.io/acme".
[[nodiscard]] bool may_extend(std::string_view repository, std::string_view key, std::string_view text);

/// True when `text`, under a front key beside `image`, may stand before the image's name: not before one with a
/// registry, and before a path only when it names a registry itself (others have a Git repository there, acme/engine).
[[nodiscard]] bool may_stand_before(std::string_view text, std::string_view image);

}  // namespace pinhook::pin
