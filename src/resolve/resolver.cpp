#include <pinhook/resolve/resolver.hpp>

#include <pinhook/resolve/observer.hpp>

namespace pinhook::resolve {

std::string identity_of(const query& q) {
  return q.credentials ? q.credentials->identity_for(q.ref) : registry::credential{}.identity;
}

std::string_view to_string(origin from) noexcept {
  switch (from) {
    case origin::cache:
      return "cache";
    case origin::stale:
      return "stale";
    case origin::registry:
      return "registry";
    case origin::lock:
      return "lock";
  }
  return "registry";
}

std::string_view to_string(cache_event event) noexcept {
  switch (event) {
    case cache_event::fresh:
      return "fresh";
    case cache_event::negative:
      return "negative";
    case cache_event::stale:
      return "stale";
    case cache_event::miss:
      return "miss";
  }
  return "miss";
}

}  // namespace pinhook::resolve
