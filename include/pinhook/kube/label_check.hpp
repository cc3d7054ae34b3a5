// When the labels of namespaces are checked (namespace_labels), and what a read of one shows.
//
// Plain values; any thread.
#pragma once

#include <cstdint>

namespace pinhook::kube {

enum class label_check : std::uint8_t {
  never,
  /// Not where RBAC lets pinhook read no namespaces.
  where_allowed,
  /// A namespace that cannot be read counts as one that has not opted in.
  always,
};

/// The outcome of a read of a namespace.
enum class label_event : std::uint8_t { opted_in, not_labelled, not_found, not_allowed, failed };

}  // namespace pinhook::kube
