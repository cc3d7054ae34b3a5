// registries.conf, version 2: the places from which CRI-O, podman and their kin pull an image (containers/image,
// docs/containers-registries.conf.5.md).
//
//   unqualified-search-registries = ["docker.io"]
//   [[registry]]
//   prefix = "registry.example.com"
//   location = "internal.example.com:5000/mirrored"
//   [[registry.mirror]]
//   location = "mirror.example.com/hub"
//   pull-from-mirror = "digest-only"
//
// What the manual leaves open is as podman 4.3.1 was seen to do it; tests/e2e/nodes/compare-podman asks it again.
//
// Values and pure functions; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// Bytes of a registries.conf. The list of aliases that distributions ship has about 10 KiB.
inline constexpr std::size_t max_registries_conf = std::size_t{1024} * 1024;

/// The references for which a mirror is asked.
enum class mirror_use : std::uint8_t { all, digests, tags };

struct conf_mirror {
  /// "mirror.example.com:5000/hub": takes the place of the prefix.
  std::string location;
  bool is_insecure = false;
  mirror_use use = mirror_use::all;
  /// The object of a cluster that has it; empty: the file of the entry.
  std::string object{};
};

struct conf_registry {
  /// "registry.example.com/acme", "*.example.com".
  std::string prefix;
  /// Empty: the name stays as it is (only under a wildcard).
  std::string location;
  bool is_insecure = false;
  bool is_blocked = false;
  /// Who blocks it and what to do about that, for messages; empty: the entry of the file.
  std::string block_reason{};
  /// In the order in which they are tried.
  std::vector<conf_mirror> mirrors;
  /// The file or the object that has it.
  std::string file;
};

/// What a node does where a short name could mean images of several registries.
enum class short_name_mode : std::uint8_t {
  permissive,  // asks a person; without a terminal it tries them in turn
  enforcing,   // asks a person; without a terminal it refuses
  disabled,    // tries them in turn
};

struct registries_conf {
  std::vector<conf_registry> registries;
  /// No value: no file has the list.
  std::optional<std::vector<std::string>> search_registries;
  /// No value: no file sets it; permissive then.
  std::optional<short_name_mode> mode;
  /// "nginx" or "acme/nginx" → "registry.example.com/library/nginx"; an empty value removes an alias of an earlier
  /// file.
  std::map<std::string, std::string, std::less<>> aliases;
  /// The error of every question for places, as long as a part of them was not read yet.
  std::optional<error> unread;
};

/// `file` begins messages: "…/registries.conf:7: …". invalid_input: not TOML, a value of the wrong type, and what makes
/// the node refuse the file; version 1 of the format, too. Unknown keys are ignored.
[[nodiscard]] result<registries_conf> parse_registries_conf(std::string_view text, const std::string& file);

/// A file that is read after the others: an entry replaces the one of the same prefix as a whole.
void merge(registries_conf& into, registries_conf later);

/// One place that the node asks.
struct node_place {
  /// The image's name there, with the tag or digest of the reference: "mirror.example.com/hub/acme/app:1".
  reference named;
  /// False: the registry itself, or the location that takes its place; it comes last.
  bool is_mirror = false;
  /// HTTPS without a check of the certificate; where there is no HTTPS, plain HTTP.
  bool is_insecure = false;
  /// The entry that forbids the place; null: it may be asked. It belongs to the conf.
  const conf_registry* blocked_by = nullptr;
  /// conf_mirror::object.
  std::string object{};
};

struct node_places {
  /// In the order in which the node tries them. Empty: no entry matches, and the node asks the registry as named.
  std::vector<node_place> in_order;
  /// The entry that counts; null with no places.
  const conf_registry* entry = nullptr;
};

/// A reference with a digest is asked for by digest, whatever its tag. denied: a rewritten name that is no reference,
/// as the node refuses it; registries_conf::unread. The entry belongs to `conf`.
[[nodiscard]] result<node_places> places_for(const registries_conf& conf, const reference& ref);

/// True for a name without a registry: "nginx", "acme/nginx". A digest does not make it less short.
[[nodiscard]] bool is_short_name(const reference& ref);

/// The qualified references that a short name may mean on the node, in the order in which they are tried, each with the
/// tag and digest of `ref`. One alone: an alias, or the only search registry. For a name that is not short: itself.
/// denied: the node refuses it; the message says why and what to write.
[[nodiscard]] result<std::vector<reference>> meanings_of(const registries_conf& conf, const reference& ref);

/// The first of them: `ref` itself where it is the only one and the same image for Docker. A node goes on to the next
/// where the first registry does not have the image; it is not followed there, since whoever may push to the first one
/// could change what the name means.
[[nodiscard]] result<reference> meaning_of(const registries_conf& conf, const reference& ref);

}  // namespace pinhook::registry
