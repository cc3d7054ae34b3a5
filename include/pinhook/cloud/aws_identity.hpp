// How this process proves to AWS who it is, decided as AWS's SDKs do, by what is configured (registry.md §4.4):
// keys in the environment, else a web identity token for STS (IRSA), else an agent that hands out keys (EKS Pod
// Identity, ECS), else the instance's metadata service. What is configured is used or fails: nothing falls through to
// another principal. Files of ~/.aws are not read.
//
// Resumable values without I/O; the caller does what a step says:
//
//   auto flow = make_aws_identity_flow(*choose_aws_way(env), sts_region, env);
//   for (aws_step step = flow->start();;)
//     // aws_read_file → on_file · aws_send → on_answer · aws_keys, error: done
//
// One thread at a time.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/aws_keys.hpp>
#include <pinhook/cloud/environment.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

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

/// Bytes of a token's file. A service account's token has about 1 KiB.
inline constexpr std::size_t max_aws_token_file = std::size_t{64} * 1024;

/// How long one request may take. Metadata services are a hop away: who does not answer in a second is not there.
struct aws_time_limits {
  std::chrono::nanoseconds api = std::chrono::seconds(10);
  std::chrono::nanoseconds container = std::chrono::seconds(5);
  std::chrono::nanoseconds instance = std::chrono::seconds(1);
};

struct aws_read_file {
  std::string file;
};
struct aws_send {
  http::request request;
  /// True: to a metadata service or an agent beside us, never through a proxy. False: to a service on the internet.
  bool is_local = false;
  std::chrono::nanoseconds limit{};
};
using aws_step = std::variant<aws_read_file, aws_send, aws_keys, error>;

class aws_identity_flow {
 public:
  virtual ~aws_identity_flow() = default;
  [[nodiscard]] virtual aws_step start() = 0;
  [[nodiscard]] virtual aws_step on_file(const result<secret>& content);
  [[nodiscard]] virtual aws_step on_answer(const result<http::response>& outcome);
};

/// Keys that have ended at `now` are refused by the caller; the flow knows no time.
[[nodiscard]] std::unique_ptr<aws_identity_flow> make_aws_identity_flow(const aws_way& way, std::string sts_region,
                                                                        const aws_time_limits& limits = {});

/// The JSON of agents and of the metadata service: AccessKeyId, SecretAccessKey, Token, Expiration. malformed: names
/// what is missing. `must_end`: without Expiration it is refused.
[[nodiscard]] result<aws_keys> read_aws_keys(std::string_view body, bool must_end);

}  // namespace pinhook::cloud
