// The image that oldObject has in the place of an image of object, and whether it means the same: of use where a change
// of the text alone is refused (immutable templates) or restarts a container (Pods). README.md, rules 3.4
// and 3.5.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/object.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pin/recorded_pins.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>

namespace pinhook::pin {

/// The slot of `before` in the place of the one of `now` at `index`: that of the container with the same name and type
/// in the same template; without a name, the one at the same pointer. Null: there was none.
[[nodiscard]] const slot* standing_slot(std::size_t index, const object& now, const object& before);

/// True when `old` means the tag reference `tag`: it is the same reference, perhaps in another spelling; or a pin of
/// that tag, known from the tag in it or else from the record. A pin whose tag is unknown means none.
[[nodiscard]] bool means_tag(const registry::reference& old, const registry::reference& tag,
                             const recorded_pins& record);

/// True when the first pod template has a name (metadata.name), and had the same before: of use for kinds that allow a
/// change only with another name.
[[nodiscard]] bool keeps_template_name(const object& now, const object& before);

/// True when both are of one repository: the text of one can replace the other's.
[[nodiscard]] bool has_same_repository(const registry::reference& a, const registry::reference& b);

}  // namespace pinhook::pin
