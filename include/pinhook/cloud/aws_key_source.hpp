// The way on which this process proves to AWS who it is, chosen as AWS's SDKs do by what is configured (registry.md
// §4.4): keys in the environment, else a web identity token for STS (IRSA), else an agent that hands out keys (EKS Pod
// Identity, ECS), else the instance's metadata service. What is configured is used or fails: nothing falls through to
// another principal. Files of ~/.aws are not read.
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

enum class aws_way_kind : std::uint8_t { environment_keys, web_identity, container, instance };

/// What the environment says, read and checked.
struct aws_way {
  aws_way_kind kind = aws_way_kind::instance;
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

/// Errors: invalid_input, for variables that contradict each other or lead where no agent is; not_found when nothing is
/// configured and the metadata service is switched off. Messages name the variables.
[[nodiscard]] result<aws_way> choose_aws_way(const environment& env);

/// The region whose STS is asked: AWS_REGION, else AWS_DEFAULT_REGION, else `registry_region`. AWS's global STS, which
/// AWS_STS_REGIONAL_ENDPOINTS=legacy wants, is not used: its tokens are not good in every region. invalid_input: the
/// variable holds no region.
[[nodiscard]] result<std::string> aws_sts_region(const environment& env, std::string_view registry_region);

}  // namespace pinhook::cloud
