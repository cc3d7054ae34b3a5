#include <pinhook/pin/policy.hpp>

#include <array>
#include <utility>

namespace pinhook::pin {
namespace {

constexpr std::array<std::pair<mode, std::string_view>, 3> modes{
    {{mode::enforce, "enforce"}, {mode::best_effort, "best-effort"}, {mode::audit, "audit"}}};

}  // namespace

std::string_view to_string(mode m) noexcept {
  for (const auto& [value, name] : modes)
    if (value == m) return name;
  return "enforce";
}

std::optional<mode> parse_mode(std::string_view text) noexcept {
  for (const auto& [value, name] : modes)
    if (name == text) return value;
  return std::nullopt;
}

}  // namespace pinhook::pin
