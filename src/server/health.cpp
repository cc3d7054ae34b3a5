#include <pinhook/server/health.hpp>

#include <array>
#include <utility>

namespace pinhook::server {

std::string_view to_string(health_state s) noexcept {
  constexpr std::array<std::string_view, 4> names{"starting", "not ready", "ready", "draining"};
  return names[static_cast<std::size_t>(s)];
}

void health::set(health_state s, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (state_ == health_state::draining) return;
  state_ = s;
  reason_ = std::move(reason);
}

health_state health::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

response health::livez() const {
  response out;
  out.content_type = "text/plain; charset=utf-8";
  out.body = "alive\n";
  return out;
}

response health::readyz() const {
  response out;
  out.content_type = "text/plain; charset=utf-8";
  const std::lock_guard lock(mutex_);
  out.status = state_ == health_state::ready ? 200 : 503;
  out.body = std::string(to_string(state_));
  if (!reason_.empty()) out.body += ": " + reason_;
  out.body += "\n";
  return out;
}

}  // namespace pinhook::server
