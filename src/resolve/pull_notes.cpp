#include <pinhook/resolve/pull_notes.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::resolve {

std::string pull_notes::key_of(std::string_view canonical, std::string_view identity, const registry::digest& digest) {
  return fmt::format("{}\n{}\n{}", canonical, digest.to_string(), identity);
}

void pull_notes::put(std::string_view canonical, std::string_view identity, const registry::digest& digest,
                     std::shared_ptr<const pull_trouble> trouble, steady_time now) {
  std::string key = key_of(canonical, identity, digest);
  const bool is_trouble = trouble != nullptr;
  const std::lock_guard lock(mutex_);
  held_.put(key, {std::move(trouble), now + held_for_});
  if (is_trouble) has_trouble_.store(true, std::memory_order_relaxed);
}

bool pull_notes::is_good(std::string_view canonical, std::string_view identity, const registry::digest& digest,
                         steady_time now) {
  const std::string key = key_of(canonical, identity, digest);
  const std::lock_guard lock(mutex_);
  const note* const found = held_.find(key);
  return found != nullptr && !found->trouble && now < found->until;
}

std::shared_ptr<const pull_trouble> pull_notes::trouble_of(std::string_view canonical, std::string_view identity,
                                                           const registry::digest& digest, steady_time now) {
  if (!has_trouble_.load(std::memory_order_relaxed)) return nullptr;
  const std::string key = key_of(canonical, identity, digest);
  const std::lock_guard lock(mutex_);
  const note* const found = held_.find(key);
  return found != nullptr && now < found->until ? found->trouble : nullptr;
}

}  // namespace pinhook::resolve
