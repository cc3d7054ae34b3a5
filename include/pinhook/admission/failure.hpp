// What an image that cannot be pinned means for the request: one table from error codes to the API server's status.
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

/// 403 for what another try will not change, 503 for what it may, 504 for time, 500 for a mistake of ours.
[[nodiscard]] const failure_status& status_of(error_code code) noexcept;

/// "reason. What to do", in at most `size` bytes: names are cut in their middles, then the reason; the advice is whole.
[[nodiscard]] std::string with_advice(const error& why, std::size_t size);

/// A failed look-up of someone whose credentials could not all be read: the message says so too, in some 400 bytes
/// more. A refusal (unauthorized, denied, not_found) becomes `unavailable` when one of `troubles` is temporary: what
/// was not read may be what was needed.
[[nodiscard]] error with_troubles(error why, std::span<const error> troubles);

}  // namespace pinhook::admission
