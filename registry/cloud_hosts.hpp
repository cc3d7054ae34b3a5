// Registries of clouds, known by their names: facts that no protocol tells (registry.md §3.5, §4.4–§4.6, §7).
//
// Pure functions; any thread. Names are compared anchored, whole label by whole label, and with case: the check is a
// boundary. A name with a port is none of these.
#pragma once

#include <optional>
#include <string_view>

namespace pinhook::registry {

/// A separate Amazon: regions and names of its own (aws-sdk-go-v2, internal/endpoints/awsrulesfn).
struct aws_partition {
  /// What its regions begin with; empty: all others.
  std::string_view region_prefix;
  /// Where its services are: "amazonaws.com".
  std::string_view suffix;
  /// Where its registries have IPv6 too: "on.aws"; empty: nowhere.
  std::string_view dual_stack_registries;
  /// Where its APIs have IPv6 too: "api.aws".
  std::string_view dual_stack_apis;
};

/// "eu-central-1", "us-gov-west-1": lower-case words joined by hyphens, then a number. Fit to be a label of a name.
[[nodiscard]] bool is_aws_region(std::string_view text);

/// The partition of a region for which `is_aws_region` holds.
[[nodiscard]] const aws_partition& aws_partition_of(std::string_view region);

/// What the name of a private registry of Amazon ECR says. Views into that name, and a partition that is never gone.
struct ecr_registry {
  std::string_view account;  // 12 digits
  std::string_view region;   // "eu-central-1"
  const aws_partition* partition = nullptr;
  bool fips = false;
  bool dual_stack = false;
};

/// A private registry of Amazon ECR: 12 digits, ".dkr.ecr." (or ".dkr-ecr." where there is IPv6), also with "-fips", a
/// region, and the suffix of just that region's partition. Stricter than ecr-login, which takes any label for a region:
/// "123456789012.dkr.ecr.s3.amazonaws.com" is somebody's bucket.
[[nodiscard]] std::optional<ecr_registry> parse_ecr_private(std::string_view host);

/// As `parse_ecr_private`. Such a registry takes Basic alone, and answers 403 without a challenge when the 12-hour
/// password has expired (flipt#3043).
[[nodiscard]] bool is_ecr_private(std::string_view host);

/// "public.ecr.aws", and its name with IPv6. It takes Bearer alone: Basic is for its token realm.
[[nodiscard]] bool is_ecr_public(std::string_view host);

/// True for registries whose credentials are minted by the cloud and open more than one repository (ACR, Google's,
/// public ECR): their token realm is the registry itself, and any other place is refused.
[[nodiscard]] bool keeps_tokens_at_home(std::string_view host);

/// True for the registries that may see a credential that a cloud made (credential::cloud_minted).
[[nodiscard]] bool takes_cloud_credentials(std::string_view host);

}  // namespace pinhook::registry
