// An image rule, as the operator writes it: the images that it is about, and its orders (pin, format, pullPolicy,
// cooldown) or requirements (require) for them.
//
//   - name: sidecars
//     images: ["**/istio/proxyv2"]
//     pin: never
//   - name: own-registries
//     namespaces: [shop, "team-*"]
//     require: {registry: [docker.io, "ghcr.io/acme/**"]}
//     action: deny
//     message: ask platform@example.com for a new one
//   - name: own-builds
//     images: ["ghcr.io/acme/**"]
//     require: {signed: [acme, github]}
//     action: deny
//   - preset: recommended
//
// Plain values; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/rules/reference_pattern.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {

/// The requirements for an image.
enum class requirement : std::uint8_t {
  tag,          // a tag or a digest is written
  not_latest,   // the effective tag is not "latest", or there is a digest
  digest,       // the image that runs has a digest: written, or given by pinning
  registry,     // it comes from one of these registries
  pull_policy,  // its imagePullPolicy is one of these
  signed_by,    // one of these verifiers accepts a signature of it
  attested,     // one of these verifiers accepts an attestation of it, which states this
  unmoved,      // its tag, where it is one of these ("version-tags"), has the bytes that it had
};
inline constexpr std::size_t requirement_count = 8;

/// "tag", "not-latest", "digest", "registry", "pull-policy", "signed", "attested", "unmoved".
[[nodiscard]] std::string_view to_string(requirement r) noexcept;
[[nodiscard]] std::optional<requirement> parse_requirement(std::string_view text) noexcept;

/// The consequence of a requirement that is not met. The later the more severe.
enum class action : std::uint8_t {
  allow,  // nothing: an exception from the rules behind it
  audit,  // audit annotation, log, metric
  warn,   // a warning, too
  deny,   // the request is refused
};

/// "allow", "audit", "warn", "deny".
[[nodiscard]] std::string_view to_string(action a) noexcept;
[[nodiscard]] std::optional<action> parse_action(std::string_view text) noexcept;

/// Names of verifiers: all those of one group must accept the image. [a, b] is {{a}, {b}}, [[a, b]] is {{a, b}}.
using verifier_groups = std::vector<std::vector<std::string>>;

/// An attestation that an image must have.
struct attestation {
  /// The predicateType of its statement.
  std::string type;
  verifier_groups by;
  /// JSON pointers (RFC 6901) into the statement, each with the value there: a string's content, else the JSON text of
  /// a number or of true, false, null. In the order of the pointers.
  std::map<std::string, std::string> fields;

  friend bool operator==(const attestation&, const attestation&) = default;
  friend auto operator<=>(const attestation&, const attestation&) = default;
};

struct demand {
  rules::requirement requirement = rules::requirement::tag;
  /// registry: registries ("docker.io", "*.example.com", "localhost:5000") and patterns without a tag
  /// ("ghcr.io/acme/**"); pull_policy: "Always", "IfNotPresent", "Never"; unmoved: "version-tags". Else empty.
  std::vector<std::string> values = {};
  /// signed_by: never empty. Else empty.
  verifier_groups verifiers = {};
  /// attested: all of them, never empty. Else empty.
  std::vector<attestation> attestations = {};

  friend bool operator==(const demand&, const demand&) = default;
};

/// The subjects that a rule is about. An empty list matches everything.
struct condition {
  std::vector<reference_pattern> images;
  /// Names with `*` for any characters. An object whose namespace is not known (in files) is in none of them.
  std::vector<std::string> namespaces;
  /// "Deployment" of any group, "apps/Deployment", "argoproj.io/*"; the core group is "core/Pod". The kind of the
  /// object that is admitted or written: a Deployment's Pods are Pods.
  std::vector<std::string> kinds;
  /// Names of containers (and volumes) with `*`.
  std::vector<std::string> containers;
  std::vector<pin::container_type> types;
};

struct rule {
  /// Small letters, digits, '-'; unique. Of a preset's rules "recommended/tag".
  std::string name;
  /// "recommended", "strict": short for the preset's rules, all with this condition. Then the rest is empty.
  std::string preset;
  condition about;
  std::optional<pin::pin_order> pin;
  std::optional<pin::pin_format> format;
  std::optional<pin::pull_policy_order> pull_policy;
  /// At admission, how long a tag that moved keeps the digest before; 0: it is taken at once.
  std::optional<std::chrono::nanoseconds> cooldown;
  std::vector<demand> demands;
  /// For the requirements.
  rules::action action = action::allow;
  /// The operator's text in place of the built-in one on why it matters.
  std::string message;
  /// Its place in its file, both from 1; 0: none.
  std::size_t line = 0;
  std::size_t column = 0;
};

/// "container", "init-container", "ephemeral-container", "volume", "field" (a place that is no container).
[[nodiscard]] std::string_view to_string(pin::container_type t) noexcept;
[[nodiscard]] std::optional<pin::container_type> parse_container_type(std::string_view text) noexcept;

/// "always", "never", "keep", "refresh".
[[nodiscard]] std::string_view to_string(pin::pin_order o) noexcept;
[[nodiscard]] std::optional<pin::pin_order> parse_pin_order(std::string_view text) noexcept;

/// "if-not-present", "as-written".
[[nodiscard]] std::string_view to_string(pin::pull_policy_order o) noexcept;
[[nodiscard]] std::optional<pin::pull_policy_order> parse_pull_policy_order(std::string_view text) noexcept;

/// "digest", "tag-and-digest".
[[nodiscard]] std::string_view to_string(pin::pin_format f) noexcept;
[[nodiscard]] std::optional<pin::pin_format> parse_pin_format(std::string_view text) noexcept;

/// The rules of a preset; empty when there is no such preset.
///   recommended   tag, not-latest: warn
///   strict        tag, not-latest, digest: deny
[[nodiscard]] std::vector<rule> rules_of_preset(std::string_view name);

}  // namespace pinhook::rules
