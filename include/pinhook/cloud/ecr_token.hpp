// Amazon ECR's passwords: the API that issues one for a registry, the call, and its answer (GetAuthorizationToken).
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/aws_keys.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::cloud {

/// The API that mints passwords for a registry. One password opens all registries of the region that its owner may
/// read, in every account: those that share an API share it.
struct ecr_api {
  std::string host;     // "api.ecr.eu-central-1.amazonaws.com"
  std::string region;   // of the signature
  std::string service;  // of the signature: "ecr", "ecr-public"
  /// A description of the match, for people: "private registry of account 123456789012 in eu-central-1".
  std::string registry;
  bool is_public = false;
};

/// Nothing for a host that is not a registry of Amazon ECR (registry/cloud_hosts.hpp). Names of APIs by the endpoint
/// rules of aws-sdk-go-v2 (service/ecr, service/ecrpublic): a registry with FIPS, or with IPv6, has its password from
/// an API with the same; FIPS in the partitions on amazonaws.com is "ecr-fips" without "api." before it; public
/// registries have theirs only in us-east-1.
[[nodiscard]] std::optional<ecr_api> ecr_api_for(std::string_view registry_host);

/// POST with {}: every registry of the caller. Signed by the HTTP client.
[[nodiscard]] http::request ecr_token_request(const ecr_api& api, const aws_keys& keys);

struct ecr_token {
  std::string username;  // "AWS"
  secret password;
  /// The time for which it can be used, at most 12 hours (GetAuthorizationToken: "valid for 12 hours"). Nothing: not in
  /// the answer.
  std::optional<std::chrono::seconds> life;
  /// aws_keys::principal of the caller.
  std::string principal;
};

/// The answer of any status. Errors: those of aws_refusal, with the permission to add in IAM when it is denied;
/// malformed: not the JSON of ECR, no token, a token that is not base64 of AWS:<password>, or that has already ended at
/// `now`, the time of the answer.
[[nodiscard]] result<ecr_token> read_ecr_answer(const ecr_api& api, const aws_keys& keys, const http::response& r,
                                                wall_time now);

}  // namespace pinhook::cloud
