#include <pinhook/registry/cloud_hosts.hpp>

#include <algorithm>
#include <array>

namespace pinhook::registry {
namespace {

bool is_label(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
  });
}

// One label, then the suffix.
bool is_label_before(std::string_view host, std::string_view suffix) {
  return host.ends_with(suffix) && is_label(host.substr(0, host.size() - suffix.size()));
}

}  // namespace

bool is_ecr_private(std::string_view host) {
  constexpr std::size_t account_digits = 12;
  if (host.size() < account_digits) return false;
  const std::string_view account = host.substr(0, account_digits);
  if (!std::all_of(account.begin(), account.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  std::string_view rest = host.substr(account_digits);
  constexpr std::array<std::string_view, 4> services{".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips."};
  const auto* const service =
      std::find_if(services.begin(), services.end(), [&](auto s) { return rest.starts_with(s); });
  if (service == services.end()) return false;
  rest.remove_prefix(service->size());
  constexpr std::array<std::string_view, 9> suffixes{
      ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu",   ".on.aws",        ".on.amazonwebservices.com.cn",
      ".sc2s.sgov.gov", ".c2s.ic.gov",       ".cloud.adc-e.uk", ".csp.hci.ic.gov"};
  return std::any_of(suffixes.begin(), suffixes.end(), [&](auto suffix) { return is_label_before(rest, suffix); });
}

bool keeps_tokens_at_home(std::string_view host) {
  constexpr std::array<std::string_view, 3> names{"gcr.io", "public.ecr.aws", "ecr-public.aws.com"};
  if (std::find(names.begin(), names.end(), host) != names.end()) return true;
  constexpr std::array<std::string_view, 6> suffixes{".azurecr.io", ".azurecr.cn", ".azurecr.de",
                                                     ".azurecr.us", ".gcr.io",     "-docker.pkg.dev"};
  return std::any_of(suffixes.begin(), suffixes.end(), [&](auto suffix) { return is_label_before(host, suffix); });
}

}  // namespace pinhook::registry
