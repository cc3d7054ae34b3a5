#include <pinhook/server/message.hpp>

#include <optional>

namespace pinhook::server {
namespace {

// The value of the first parameter of that name, empty without one; nothing where there is no such parameter.
std::optional<std::string_view> parameter(std::string_view target, std::string_view name) {
  const auto start = target.find('?');
  if (start == std::string_view::npos) return std::nullopt;
  std::string_view rest = target.substr(start + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name)
      return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace

std::string_view request::query(std::string_view name) const {
  return parameter(target, name).value_or(std::string_view{});
}

bool request::has_query(std::string_view name) const { return parameter(target, name).has_value(); }

}  // namespace pinhook::server
