// The configuration of pinning, by the operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

/// The mode that a namespace opted in to (README.md, 6): it is in the webhook's path.
enum class mode : std::uint8_t { enforce, best_effort, audit };

/// "enforce", "best-effort", "audit": as in the label's value and the path /v1/pin/<mode>.
std::string_view to_string(mode m) noexcept;
std::optional<mode> parse_mode(std::string_view text) noexcept;

/// The format of a pin.
enum class pin_format : std::uint8_t {
  digest,          // name@sha256:…
  tag_and_digest,  // name:tag@sha256:…; some runtimes refuse both together
};

/// The use of recorded pins on UPDATE (README.md, 4).
enum class update_rule : std::uint8_t { keep, refresh };

/// The order of a rule for an image, in place of the defaults of `policy`.
enum class pin_order : std::uint8_t {
  always,   // pinned, in Pods of foreign controllers (rule 3.7), too
  never,    // left as it is
  keep,     // pinned; recorded pins are kept on UPDATE
  refresh,  // pinned; the registry is asked again on UPDATE
};

/// The treatment of `imagePullPolicy: Always` when an image is pinned whose tag is "latest", in a kind whose defaults
/// the API server sets: there it most likely comes from that default.
enum class pull_policy_order : std::uint8_t { as_written, if_not_present };

/// The orders of rules for one slot. Without a value: as in `policy`.
struct slot_order {
  std::optional<pin_order> pin = {};
  std::optional<pin_format> format = {};
  pull_policy_order pull_policy = pull_policy_order::as_written;

  friend bool operator==(const slot_order&, const slot_order&) = default;
};

/// The places of images in a kind that the operator named.
struct custom_kind {
  /// API group ("" is core) and kind, with wildcards; versions do not matter.
  std::string group;
  std::string kind;
  /// "spec.image", "spec.workers[*].image"
  std::vector<std::string> paths;
};

struct policy {
  pin_format format = pin_format::digest;
  update_rule updates = update_rule::keep;
  std::vector<custom_kind> kinds;
  /// Search custom resources of unknown kinds by the names of keys, too (search_keys.hpp).
  bool searches_keys = false;
  /// Pin Pods whose controller is not a built-in workload (rule 3.7). Operators that compare Pods' images fight with
  /// that.
  bool pin_foreign_controllers = false;
  /// Namespaces that are never changed, beside kube-system, kube-public and kube-node-lease: pinhook's own.
  std::vector<std::string> excluded_namespaces;
};

}  // namespace pinhook::pin
