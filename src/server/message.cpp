#include <pinhook/server/message.hpp>

namespace pinhook::server {

std::string_view request::query(std::string_view name) const {
  const auto start = target.find('?');
  if (start == std::string::npos) return {};
  std::string_view rest = std::string_view(target).substr(start + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name)
      return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace pinhook::server
