#include <pinhook/cloud/azure_hosts.hpp>

#include <algorithm>
#include <array>

namespace pinhook::cloud {
namespace {

bool is_azure_label(std::string_view text) {
  constexpr std::size_t longest = 63;
  return !text.empty() && text.size() <= longest && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; });
}

// Registries have names of 5 and more characters; shorter ones are Microsoft's own ("data", "geo").
bool is_name(std::string_view text) { return text.size() >= 5 && is_azure_label(text); }

}  // namespace

std::optional<std::string_view> acr_name(std::string_view registry) {
  // Each answer asks this of images, and most are of other registries.
  constexpr std::string_view domain = ".azurecr.";
  constexpr std::size_t country = 2;
  if (registry.size() < domain.size() + country ||
      registry.substr(registry.size() - domain.size() - country, domain.size()) != domain)
    return std::nullopt;
  constexpr std::array<std::string_view, 4> suffixes{".azurecr.io", ".azurecr.cn", ".azurecr.de", ".azurecr.us"};
  const auto* const suffix =
      std::find_if(suffixes.begin(), suffixes.end(), [&](auto one) { return registry.ends_with(one); });
  if (suffix == suffixes.end()) return std::nullopt;
  const std::string_view rest = registry.substr(0, registry.size() - suffix->size());
  const auto dot = rest.find('.');
  const std::string_view name = rest.substr(0, dot);
  if (!is_name(name)) return std::nullopt;
  if (dot == std::string_view::npos) return name;
  constexpr std::string_view replica = ".geo";
  const std::string_view region = rest.substr(dot + 1);
  if (!region.ends_with(replica) || !is_azure_label(region.substr(0, region.size() - replica.size())))
    return std::nullopt;
  return name;
}

std::optional<std::string> azure_authority(std::string_view text) {
  constexpr std::array<std::string_view, 5> known{
      "https://login.microsoftonline.com", "https://login.chinacloudapi.cn", "https://login.partner.microsoftonline.cn",
      "https://login.microsoftonline.us", "https://login.microsoftonline.de"};
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) return std::string(known.front());
  const bool is_known = std::find(known.begin(), known.end(), text) != known.end();
  return is_known ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace pinhook::cloud
