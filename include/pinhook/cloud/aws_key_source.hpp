// The source of this process's AWS keys, chosen as AWS's SDKs do by the configuration (as in
// amazon-ecr-credential-helper at 2a415207, with the SDK that it vendors): keys in the environment, else a web identity
// token for STS (IRSA), else an agent that hands out keys (EKS Pod Identity, ECS), else the instance's metadata
// service. The configured source is used or fails: there is no fallback to another principal. Files of ~/.aws are not
// read.
//
// Plain values and pure functions; any thread.
#pragma once

#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/aws_keys.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::cloud {

enum class aws_key_source_kind : std::uint8_t { environment_keys, web_identity, container, instance };

/// The settings of the source from the environment, read and checked.
struct aws_key_source {
  aws_key_source_kind kind = aws_key_source_kind::instance;
  /// environment_keys.
  aws_keys keys;
  /// web_identity: the role's ARN and the session's name.
  std::string role_arn;
  std::string session_name;
  /// web_identity, container (there it may be empty): read again each time, since it is renewed on disk.
  std::string token_file;
  /// container: without a file; may be empty.
  secret authorization;
  /// container: the whole URL. instance: the service's, without a slash at its end.
  std::string url;
};

/// Errors: invalid_input, for variables that contradict each other or name a host that is not an agent; not_found when
/// nothing is configured and the metadata service is switched off. Messages name the variables.
[[nodiscard]] result<aws_key_source> choose_aws_key_source(const environment& env);

/// The region whose STS is asked: AWS_REGION, else AWS_DEFAULT_REGION, else `registry_region`. AWS's global STS, which
/// AWS_STS_REGIONAL_ENDPOINTS=legacy selects, is not used: its tokens are not valid in every region. invalid_input: the
/// variable does not hold a region.
[[nodiscard]] result<std::string> aws_sts_region(const environment& env, std::string_view registry_region);

}  // namespace pinhook::cloud
