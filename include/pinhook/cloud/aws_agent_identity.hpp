// Gets keys from services nearby: an agent (EKS Pod Identity, ECS) that is asked once, and the instance's metadata
// service, which is asked for a token, then for its role's name, then for that role's keys (IMDSv2).
//
// Resumable values without I/O; one thread at a time.
#pragma once

#include <pinhook/cloud/aws_identity_flow.hpp>
#include <pinhook/cloud/aws_key_source.hpp>

#include <string>

namespace pinhook::cloud {

/// The JSON of agents and of the metadata service: AccessKeyId, SecretAccessKey, Token, Expiration. malformed: names
/// the missing member. `must_end`: refused without Expiration.
[[nodiscard]] result<aws_keys> read_aws_keys(std::string_view body, bool must_end);

class aws_container_flow final : public aws_identity_flow {
 public:
  aws_container_flow(aws_key_source source, const aws_time_limits& limits)
      : source_(std::move(source)), limits_(limits) {}
  [[nodiscard]] aws_step start() override;
  [[nodiscard]] aws_step on_file(const result<secret>& content) override;
  [[nodiscard]] aws_step on_answer(const result<http::response>& outcome) override;

 private:
  [[nodiscard]] aws_step ask();

  aws_key_source source_;
  aws_time_limits limits_;
};

class aws_instance_flow final : public aws_identity_flow {
 public:
  aws_instance_flow(aws_key_source source, const aws_time_limits& limits)
      : source_(std::move(source)), limits_(limits) {}
  [[nodiscard]] aws_step start() override;
  [[nodiscard]] aws_step on_answer(const result<http::response>& outcome) override;

 private:
  enum class asked : std::uint8_t { token, role, keys };
  [[nodiscard]] aws_step get(std::string_view path) const;
  [[nodiscard]] aws_step on_token(const http::response& r);
  [[nodiscard]] aws_step on_role(const http::response& r);
  [[nodiscard]] aws_step on_keys(const http::response& r) const;

  aws_key_source source_;
  aws_time_limits limits_;
  asked asked_ = asked::token;
  secret token_;
  std::string role_;
};

}  // namespace pinhook::cloud
