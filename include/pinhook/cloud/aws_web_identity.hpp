// IAM roles for service accounts: a token of the cluster's, from a file, is exchanged at STS for keys of a role
// (AssumeRoleWithWebIdentity). The request is not signed: the token is the proof.
//
// A resumable value without I/O, and the two functions it is made of; one thread at a time.
#pragma once

#include <pinhook/cloud/aws_identity_flow.hpp>
#include <pinhook/cloud/aws_key_source.hpp>

#include <string>
#include <string_view>

namespace pinhook::cloud {

/// POST https://sts.<region>.<suffix>/ with a form. `region` must be a valid region.
[[nodiscard]] http::request web_identity_request(const aws_key_source& source, std::string_view region,
                                                 const secret& token);

/// The Credentials of AssumeRoleWithWebIdentityResponse. malformed: names the element that is missing.
[[nodiscard]] result<aws_keys> read_web_identity_answer(std::string_view body);

class aws_web_identity_flow final : public aws_identity_flow {
 public:
  aws_web_identity_flow(aws_key_source source, std::string region, const aws_time_limits& limits)
      : source_(std::move(source)), region_(std::move(region)), limits_(limits) {}
  [[nodiscard]] aws_step start() override;
  [[nodiscard]] aws_step on_file(const result<secret>& content) override;
  [[nodiscard]] aws_step on_answer(const result<http::response>& outcome) override;

 private:
  aws_key_source source_;
  std::string region_;
  aws_time_limits limits_;
  secret token_;
};

}  // namespace pinhook::cloud
