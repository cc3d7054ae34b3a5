#include <pinhook/pin/leave_reason.hpp>

#include <array>
#include <cstddef>

namespace pinhook::pin {
namespace {

constexpr std::array<std::string_view, 17> reason_names{"none",
                                                        "other_operation",
                                                        "other_subresource",
                                                        "excluded_namespace",
                                                        "being_deleted",
                                                        "skip_label",
                                                        "owned_replica_set",
                                                        "foreign_controller",
                                                        "same_template",
                                                        "same_image",
                                                        "immutable",
                                                        "has_digest",
                                                        "no_recorded_tag",
                                                        "rule",
                                                        "variable",
                                                        "unknown_guess",
                                                        "operator_tag"};

}  // namespace

std::string_view to_string(leave_reason r) noexcept { return reason_names[static_cast<std::size_t>(r)]; }

}  // namespace pinhook::pin
