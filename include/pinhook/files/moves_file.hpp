// The file of moved tags, which `pinhook report --moves-file` writes and the webhook reads (setting moves.file).
//
//   apiVersion: pinhook.dev/v1
//   kind: TagMoves
//   written: "2026-11-29T08:30:00Z"
//   cooldown: 72h
//   tags:
//     docker.io/library/nginx:1.25: {digest: "sha256:b…", before: "sha256:a…", since: "2026-11-28T08:30:00Z", change:
//     bytes} docker.io/library/redis:7: {digest: "sha256:c…"}
//
// A tag without `before` has not moved for `cooldown`. `between: [{digest: "sha256:d…", stood: 30h}]` has what it had
// after `before`, oldest first, for rules with a shorter cooldown. Sorted, a line for each tag. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/tag_moves.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::files {

/// Bytes of a file that is read, and of one that is written: a ConfigMap holds 1 MiB with its names.
inline constexpr std::size_t max_moves_size = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t max_written_moves_size = std::size_t{900} * 1024;

/// malformed: "line 3, column 5: …"; an unknown kind or version, an unknown field, an invalid reference or one without
/// a tag, an invalid digest, time or duration, `before` without `since` and the other way round.
[[nodiscard]] result<resolve::tag_moves> read_moves(std::string_view text);

/// The bytes of its line.
[[nodiscard]] std::size_t line_size(std::string_view canonical, const resolve::seen_tag& tag);

/// read_moves() of the result is `moves`, whose times are whole seconds.
[[nodiscard]] std::string write_moves(const resolve::tag_moves& moves);

}  // namespace pinhook::files
