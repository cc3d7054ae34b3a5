// The reasons for which pinning leaves an image as it is.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinhook::pin {

/// The reason why an object or a slot is left as it is. In the order in which the rules are applied.
enum class leave_reason : std::uint8_t {
  none,
  other_operation,     // rule 8
  other_subresource,   // rule 8
  excluded_namespace,  // rule 8
  being_deleted,       // rule 8
  skip_label,          // §6
  owned_replica_set,   // rule 6
  foreign_controller,  // rule 7
  same_template,       // rule 3
  same_image,          // rule 5
  immutable,           // rule 4's exception; refresh of a field that the API server does not let anyone change
  has_digest,          // rule 1
  no_recorded_tag,     // refresh of a digest whose tag is not known
  rule,                // a rule of the operator orders `never`, or denies the registry
  variable,            // "{{inputs.image}}", "$(params.image)": the object made from it is pinned
};

/// The name for metrics and audit annotations: "same_template".
[[nodiscard]] std::string_view to_string(leave_reason r) noexcept;

}  // namespace pinhook::pin
