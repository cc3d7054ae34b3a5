#include <pinhook/registry/cloud_hosts.hpp>

#include <pinhook/base/text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace pinhook::registry {
namespace {

bool is_label(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_lower(c) || c == '-'; });
}

// True for one label followed by the suffix.
bool is_label_before(std::string_view host, std::string_view suffix) {
  return host.ends_with(suffix) && is_label(host.substr(0, host.size() - suffix.size()));
}

// The last row takes the regions that match no other row.
constexpr std::array<aws_partition, 8> partitions{{
    {"cn-", "amazonaws.com.cn", "on.amazonwebservices.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "amazonaws.com", "on.aws", "api.aws"},
    {"eusc-", "amazonaws.eu", "", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "", "api.aws.hci.ic.gov"},
    {"", "amazonaws.com", "on.aws", "api.aws"},
}};

struct ecr_service {
  std::string_view labels;
  bool fips;
  bool dual_stack;
};
constexpr std::array<ecr_service, 4> ecr_services{{
    {".dkr.ecr.", false, false},
    {".dkr.ecr-fips.", true, false},
    {".dkr-ecr.", false, true},
    {".dkr-ecr-fips.", true, true},
}};

}  // namespace

bool is_aws_region(std::string_view text) {
  // The longest today is "ap-northeast-1" or one like "us-gov-west-1".
  constexpr std::size_t max_region = 32;
  if (text.size() > max_region) return false;
  std::size_t words = 0;
  for (;; ++words) {
    const auto hyphen = text.find('-');
    if (hyphen == std::string_view::npos) break;
    const std::string_view word = text.substr(0, hyphen);
    if (word.size() < 2 || !std::all_of(word.begin(), word.end(), is_lower)) return false;
    text.remove_prefix(hyphen + 1);
  }
  return words >= 2 && !text.empty() && text.size() <= 2 && std::all_of(text.begin(), text.end(), is_digit);
}

const aws_partition& aws_partition_of(std::string_view region) {
  const auto* const found = std::find_if(partitions.begin(), partitions.end(),
                                         [&](const auto& one) { return region.starts_with(one.region_prefix); });
  return found == partitions.end() ? partitions.back() : *found;
}

std::optional<ecr_registry> parse_ecr_private(std::string_view host) {
  constexpr std::size_t account_digits = 12;
  // Each answer asks this of images, and most are of other registries: in a name with a port, the last is a digit.
  if (host.size() < account_digits || !is_lower(host.back())) return std::nullopt;
  ecr_registry out;
  out.account = host.substr(0, account_digits);
  if (!std::all_of(out.account.begin(), out.account.end(), is_digit)) return std::nullopt;
  std::string_view rest = host.substr(account_digits);
  const auto* const service = std::find_if(ecr_services.begin(), ecr_services.end(),
                                           [&](const auto& one) { return rest.starts_with(one.labels); });
  if (service == ecr_services.end()) return std::nullopt;
  rest.remove_prefix(service->labels.size());
  out.fips = service->fips;
  out.dual_stack = service->dual_stack;

  const auto dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  out.region = rest.substr(0, dot);
  if (!is_aws_region(out.region)) return std::nullopt;
  out.partition = &aws_partition_of(out.region);
  const std::string_view suffix = out.dual_stack ? out.partition->dual_stack_registries : out.partition->suffix;
  if (suffix.empty() || rest.substr(dot + 1) != suffix) return std::nullopt;
  return out;
}

bool is_ecr_private(std::string_view host) { return parse_ecr_private(host).has_value(); }

bool is_ecr_public(std::string_view host) { return host == "public.ecr.aws" || host == "ecr-public.aws.com"; }

bool keeps_tokens_at_home(std::string_view host) {
  if (host == "gcr.io" || is_ecr_public(host)) return true;
  constexpr std::array<std::string_view, 6> suffixes{".azurecr.io", ".azurecr.cn", ".azurecr.de",
                                                     ".azurecr.us", ".gcr.io",     "-docker.pkg.dev"};
  if (std::any_of(suffixes.begin(), suffixes.end(), [&](auto suffix) { return is_label_before(host, suffix); }))
    return true;
  // Google's registries of one region: docker.<region>.rep.pkg.dev.
  constexpr std::string_view head = "docker.";
  return host.starts_with(head) && is_label_before(host.substr(head.size()), ".rep.pkg.dev");
}

bool takes_cloud_credentials(std::string_view host) {
  if (is_ecr_private(host) || keeps_tokens_at_home(host)) return true;
  // A replica of a registry of Azure: <name>.<region>.geo.azurecr.io.
  const auto dot = host.find('.');
  if (dot == std::string_view::npos || !is_label(host.substr(0, dot))) return false;
  constexpr std::array<std::string_view, 4> replicas{".geo.azurecr.io", ".geo.azurecr.cn", ".geo.azurecr.de",
                                                     ".geo.azurecr.us"};
  return std::any_of(replicas.begin(), replicas.end(),
                     [&](auto suffix) { return is_label_before(host.substr(dot + 1), suffix); });
}

}  // namespace pinhook::registry
