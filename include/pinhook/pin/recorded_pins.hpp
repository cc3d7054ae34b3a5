// The annotation pinhook.dev/pins: which digest a tag was pinned to, newest first.
//
//   {"docker.io/library/nginx:1.25":"sha256:…","ghcr.io/acme/api:v2":"sha256:…"}
//
// A hint, never an authority: anyone who may write it may as well write the digest. Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

inline constexpr std::size_t max_recorded_pins = 32;
/// Bytes of the annotation's value; all annotations of an object share 256 KiB (apimachinery, ValidateAnnotationsSize).
inline constexpr std::size_t max_recorded_size = 8 * 1024;

struct recorded_pin {
  /// Canonical, with a tag: "docker.io/library/nginx:1.25".
  std::string reference;
  registry::digest digest;

  friend bool operator==(const recorded_pin&, const recorded_pin&) = default;
};

class recorded_pins {
 public:
  /// invalid_input: not a JSON object of canonical tag references and digests, or over one of the limits.
  [[nodiscard]] static result<recorded_pins> parse(std::string_view text);

  /// The digest recorded for a canonical tag reference, or null.
  [[nodiscard]] const registry::digest* find(std::string_view canonical) const;
  /// The newest tag reference of the same repository (and of the same tag, when `pinned` has one) that was pinned to
  /// this digest: the reference before it was pinned.
  [[nodiscard]] std::optional<registry::reference> tag_of(const registry::reference& pinned) const;

  /// Adds the entries that are not here yet behind the others.
  void append_older(const recorded_pins& older);
  /// Adds the first max_recorded_pins of these in front, in this order; older entries of the same references are
  /// removed.
  void put_newest(std::vector<recorded_pin> newest);

  [[nodiscard]] bool is_empty() const { return entries_.empty(); }
  [[nodiscard]] const std::vector<recorded_pin>& entries() const { return entries_; }
  /// As JSON without spaces. Entries over the limits are dropped, oldest first.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<recorded_pin> entries_;
};

}  // namespace pinhook::pin
