#include <pinhook/admission/failure.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/registry/error_body.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::admission {
namespace {

struct row {
  error_code code;
  failure_status status;
};

// `malformed` is a registry that breaks its protocol: mostly this is the error page of a proxy, and temporary.
constexpr std::array<row, 11> table{{
    {error_code::invalid_input, {403, "Forbidden"}},
    {error_code::not_found, {403, "Forbidden"}},
    {error_code::unauthorized, {403, "Forbidden"}},
    {error_code::denied, {403, "Forbidden"}},
    {error_code::rate_limited, {503, "ServiceUnavailable"}},
    {error_code::unavailable, {503, "ServiceUnavailable"}},
    {error_code::timed_out, {504, "Timeout"}},
    {error_code::canceled, {503, "ServiceUnavailable"}},
    {error_code::malformed, {503, "ServiceUnavailable"}},
    {error_code::unsupported, {403, "Forbidden"}},
    {error_code::internal, {500, "InternalError"}},
}};

// With these sizes, the refusal and the troubles fit into the part of a denial for one image (compose.cpp).
constexpr std::size_t max_shown_troubles = 2;
constexpr std::size_t max_trouble_size = 140;
constexpr std::size_t max_refusal_size = 200;

}  // namespace

std::string with_advice(const error& cause, const resolve::audience& reader, const text_room& room) {
  std::string reason = printable(cause.message);
  std::string advice = resolve::advice_for(cause, reader);
  // A reason may be a question, or end with a parser's own sentence.
  if (!advice.empty()) advice.insert(0, reason.ends_with('?') || reason.ends_with('.') ? " " : ". ");
  const std::size_t left = room.size - std::min(room.size, advice.size());
  if (reason.size() + room.names <= left) return reason + advice;
  if (room.drops_answers) reason = registry::without_answers(reason);
  const std::size_t names = least_cut_size(reason) + room.names <= left ? room.names : room.least_names;
  return cut_words(reason, left - std::min(left, names)) + advice;
}

error with_troubles(error cause, std::span<const error> troubles) {
  if (troubles.empty()) return cause;
  cause.message = cut_words(cause.message, max_refusal_size);
  const std::size_t shown = std::min(troubles.size(), max_shown_troubles);
  for (const error& one : troubles.first(shown)) {
    cause.message += "; ";
    cause.message += cut_words(one.message, max_trouble_size);
  }
  if (shown < troubles.size()) cause.message += fmt::format("; and {} more", troubles.size() - shown);
  const bool is_refusal =
      cause.code == error_code::unauthorized || cause.code == error_code::denied || cause.code == error_code::not_found;
  if (is_refusal && std::ranges::any_of(troubles, [](const error& e) { return is_temporary(e.code); }))
    cause = {error_code::unavailable, std::move(cause.message), cause.retry_after};
  return cause;
}

const failure_status& status_of(error_code code) noexcept {
  for (const row& r : table)
    if (r.code == code) return r.status;
  return table.back().status;
}

bool is_unknown(const error& cause) noexcept {
  using enum error_code;
  return cause.code == not_found || cause.code == unauthorized || cause.code == denied;
}

}  // namespace pinhook::admission
