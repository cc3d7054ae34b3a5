// The status of a request with an image that cannot be pinned: one table from error codes to the API server's status.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/advice.hpp>

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

/// The room for a text in bytes, and the part of it that is left to the names of container and image behind the text:
/// `names`, or `least_names` where the reason would have to be cut for that. A warning is so short that the status and
/// text of the registry's answer are left out before anything is cut (`drops_answers`).
struct text_room {
  std::size_t size = 0;
  std::size_t names = 0;
  std::size_t least_names = 0;
  bool drops_answers = false;
};

/// "reason. Advice". The advice is whole: without room for all, names are cut in their middles, then the reason is cut.
[[nodiscard]] std::string with_advice(const error& cause, const resolve::audience& reader, const text_room& room);

/// The error of a look-up for a tenant of which some credentials could not be read (`troubles`): they are added to the
/// message, which grows by some 400 bytes. A refusal (unauthorized, denied, not_found) becomes `unavailable` when one
/// of them is temporary: the look-up may need the very credentials that were not read.
[[nodiscard]] error with_troubles(error cause, std::span<const error> troubles);

/// There may be no such image: some registries answer 401 or 403 where there is no repository of that name.
[[nodiscard]] bool is_unknown(const error& cause) noexcept;

}  // namespace pinhook::admission
