#include <pinhook/registry/token_cache.hpp>

#include <algorithm>

namespace pinhook::registry {

std::optional<secret> token_cache::find(const token_key& key, steady_time now) {
  entry* held = held_.find(key);
  if (held == nullptr) return std::nullopt;
  if (now >= held->renew_at) {
    held_.erase(key);
    return std::nullopt;
  }
  return held->token;
}

void token_cache::put(const token_key& key, const granted_token& granted, steady_time now) {
  const std::chrono::milliseconds lifetime = std::clamp(granted.lifetime, least_lifetime, most_lifetime);
  const std::chrono::milliseconds early = std::min<std::chrono::milliseconds>(std::chrono::seconds(10), lifetime / 10);
  held_.put(key, {granted.token, now + lifetime - early});
}

void token_cache::drop(const token_key& key, const secret& refused) {
  const entry* held = held_.find(key);
  if (held != nullptr && held->token == refused) held_.erase(key);
}

}  // namespace pinhook::registry
