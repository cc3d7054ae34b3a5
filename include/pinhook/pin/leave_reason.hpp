// The reasons for which pinning leaves an image as it is.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinhook::pin {

/// The reason why an object or a slot is left as it is. In the order in which the rules of README.md are applied.
enum class leave_reason : std::uint8_t {
  none,
  other_operation,     // 3.8
  other_subresource,   // 3.8
  excluded_namespace,  // 3.8
  being_deleted,       // 3.8
  skip_label,          // 6
  owned_replica_set,   // 3.6
  foreign_controller,  // 3.7
  same_template,       // 3.3
  same_image,          // 3.5
  immutable,           // 3.4, the exception; refresh of a field that the API server does not let anyone change
  has_digest,          // 3.1
  no_recorded_tag,     // refresh of a digest whose tag is not known
  rule,                // a rule of the operator orders `never`, or denies the registry
  variable,            // "{{inputs.image}}", "$(params.image)": the object made from it is pinned
  unknown_guess,       // slot::is_guess, and the registry does not know it
  operator_tag,        // slot::obstacle
};

/// The name for metrics and audit annotations: "same_template".
[[nodiscard]] std::string_view to_string(leave_reason r) noexcept;

}  // namespace pinhook::pin
