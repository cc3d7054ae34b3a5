// The status of a request with an image that cannot be pinned: one table from error codes to the API server's status.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pinhook::admission {

struct failure_status {
  unsigned code = 500;
  /// metav1.StatusReason
  std::string_view reason;
};

/// 403 if another try will not help, 503 if it may, 504 if the time ran out, 500 for a mistake of ours.
[[nodiscard]] const failure_status& status_of(error_code code) noexcept;

/// "reason. Advice", in at most `size` bytes: names are cut in their middles, then the reason; the advice is whole.
[[nodiscard]] std::string with_advice(const error& cause, std::size_t size);

/// The error of a look-up for a tenant of which some credentials could not be read (`troubles`): they are added to the
/// message, which grows by some 400 bytes. A refusal (unauthorized, denied, not_found) becomes `unavailable` when one
/// of them is temporary: the look-up may need the very credentials that were not read.
[[nodiscard]] error with_troubles(error cause, std::span<const error> troubles);

}  // namespace pinhook::admission
