// Registries of clouds, recognized by their names: facts that no protocol provides. Sources:
//   Amazon   amazon-ecr-credential-helper at 2a415207, ecr-login/api/client.go, and the SDK that it vendors
//   Google   cloud-provider-gcp at 4e245312, pkg/gcpcredential
//   Azure    cloud-provider-azure at 7b31c76c, pkg/credentialprovider/azure_credentials.go; Azure/acr,
//   docs/AAD-OAuth.md
//
// Pure functions; any thread. Names are compared anchored, label by label, and with case, because the check is a
// security boundary. A name with a port never matches.
#pragma once

#include <optional>
#include <string_view>

namespace pinhook::registry {

/// A separate Amazon: regions and names of its own (aws-sdk-go-v2, internal/endpoints/awsrulesfn).
struct aws_partition {
  /// The prefix of its regions; empty: all others.
  std::string_view region_prefix;
  /// The domain of its services: "amazonaws.com".
  std::string_view suffix;
  /// The domain of its registries with IPv6: "on.aws"; empty: none.
  std::string_view dual_stack_registries;
  /// The domain of its APIs with IPv6: "api.aws".
  std::string_view dual_stack_apis;
};

/// "eu-central-1", "us-gov-west-1": lower-case words joined by hyphens, then a number. Usable as a label of a name.
[[nodiscard]] bool is_aws_region(std::string_view text);

/// The partition of a region for which `is_aws_region` holds.
[[nodiscard]] const aws_partition& aws_partition_of(std::string_view region);

/// The parts of the name of a private registry of Amazon ECR: views into that name, and a partition of static lifetime.
struct ecr_registry {
  std::string_view account;  // 12 digits
  std::string_view region;   // "eu-central-1"
  const aws_partition* partition = nullptr;
  bool fips = false;
  bool dual_stack = false;
};

/// A private registry of Amazon ECR: 12 digits, ".dkr.ecr." (or ".dkr-ecr." where there is IPv6), also with "-fips", a
/// region, and the suffix of just that region's partition. Stricter than ecr-login, which accepts any label as a
/// region: "123456789012.dkr.ecr.s3.amazonaws.com" is a bucket.
[[nodiscard]] std::optional<ecr_registry> parse_ecr_private(std::string_view host);

/// As `parse_ecr_private`. Such a registry accepts Basic alone, and answers 403 without a challenge when the 12-hour
/// password has expired (flipt#3043).
[[nodiscard]] bool is_ecr_private(std::string_view host);

/// "public.ecr.aws", and its name with IPv6. It accepts Bearer alone: Basic is for its token realm.
[[nodiscard]] bool is_ecr_public(std::string_view host);

/// True for registries whose credentials the cloud mints and which open more than one repository (ACR, Google's, public
/// ECR): their token realm is the registry itself, and any other realm is refused.
[[nodiscard]] bool keeps_tokens_at_home(std::string_view host);

/// True for the registries that may receive a credential that a cloud made (credential::cloud_minted).
[[nodiscard]] bool takes_cloud_credentials(std::string_view host);

}  // namespace pinhook::registry
