#include <pinhook/server/certificate_validity.hpp>

#include <pinhook/base/timestamp.hpp>

#include <fmt/core.h>

#include <cstdint>

namespace pinhook::server {
namespace {

enum class state : std::uint8_t { expired, not_yet, valid };  // in ascending order of usefulness

state state_of(const certificate_validity& v, wall_time now) {
  if (now >= v.not_after) return state::expired;
  return now < v.not_before ? state::not_yet : state::valid;
}

}  // namespace

std::optional<std::string> why_not_valid(const certificate_validity& v, wall_time now) {
  switch (state_of(v, now)) {
    case state::expired:
      return fmt::format("it expired at {}", timestamp_text(v.not_after));
    case state::not_yet:
      return fmt::format("it is not valid before {}", timestamp_text(v.not_before));
    case state::valid:
      break;
  }
  return std::nullopt;
}

std::optional<std::string> reason_to_keep(const certificate_validity& current, const certificate_validity& fresh,
                                          wall_time now) {
  const state was = state_of(current, now);
  const state is = state_of(fresh, now);
  if (is > was) return std::nullopt;
  const bool is_equal_and_better = is == was && (is != state::expired || fresh.not_after > current.not_after);
  if (is_equal_and_better) return std::nullopt;
  return why_not_valid(fresh, now);
}

}  // namespace pinhook::server
