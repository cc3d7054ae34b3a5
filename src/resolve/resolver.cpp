#include <pinhook/resolve/resolver.hpp>

namespace pinhook::resolve {

std::string_view to_string(origin from) noexcept {
  switch (from) {
    case origin::cache:
      return "cache";
    case origin::stale:
      return "stale";
    case origin::registry:
      return "registry";
  }
  return "registry";
}

}  // namespace pinhook::resolve
