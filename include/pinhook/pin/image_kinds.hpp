// Objects of any kind: those whose fields are no images although their names look like it, and the format of pins that
// an operator needs. Tables, for files and for admission.
//
// Constant; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>

#include <optional>
#include <string_view>

namespace pinhook::pin {

/// True for the groups of policies: images in them are compared with those of other objects.
[[nodiscard]] bool is_policy_group(std::string_view group);

/// True for a kind whose fields hold schemas, images of machines, repositories that are watched for new tags, or
/// targets of builds.
[[nodiscard]] bool holds_no_images(std::string_view group, std::string_view kind);

/// True for a key inside of a `spec` below which no image stands: "rbd" (a volume of Ceph), "output" (of a build).
[[nodiscard]] bool is_key_without_images(std::string_view key);

/// The only format that the operator of the group accepts; none: any.
[[nodiscard]] std::optional<pin_format> format_of_operator(std::string_view group);

}  // namespace pinhook::pin
