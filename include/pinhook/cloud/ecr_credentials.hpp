// Credentials for Amazon ECR, private and public, without a plugin or a helper: this process's AWS identity
// (aws_identity.hpp) asks ECR's API for a password.
//
//   auto ecr = std::make_shared<ecr_credentials>(registries_http, metadata_http, io.get_executor(), machine_clock(),
//                                                process_environment());
//
// Passwords are valid for 12 hours; each is renewed after half of its life, and serves meanwhile.
//
// Thread rule: identity_for and matches from any thread; the others on the executor's one thread, which is also the
// HTTP clients'.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/cloud/aws_identity.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/registry/credential_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::cloud {

struct ecr_options {
  aws_time_limits limits;
  /// The time to get the identity's keys and a password.
  std::chrono::nanoseconds fetch_limit = std::chrono::seconds(30);
  /// A failed call of ECR or STS, or of an agent, is answered from memory for this time.
  std::chrono::nanoseconds hold_failure = std::chrono::seconds(5);
  /// The same for the instance's metadata service. Longer: off EC2 it is never there, and public images must not wait a
  /// second for it again and again.
  std::chrono::nanoseconds hold_no_instance = std::chrono::seconds(60);
};

class ecr_credentials final : public registry::credential_source {
 public:
  /// `registries` asks STS and ECR: guarded, and through the proxy if there is one. `metadata` asks agents and the
  /// instance's metadata service: never through a proxy, and not guarded, as they are on link-local addresses. The
  /// clients and `time` must outlive this and the io_context's work.
  ecr_credentials(http::client& registries, http::client& metadata, asio::any_io_executor on, const clock& time,
                  environment env, ecr_options options = {});
  ~ecr_credentials() override;
  ecr_credentials(const ecr_credentials&) = delete;
  ecr_credentials& operator=(const ecr_credentials&) = delete;

  /// "anonymous" for a host that is not a registry of ECR; else the same for all registries that one password opens, as
  /// long as the process lives: its identity does not change.
  [[nodiscard]] std::string identity_for(const registry::reference& ref) const override;
  [[nodiscard]] std::optional<std::uint64_t> changes() const override { return 0; }
  [[nodiscard]] bool may_apply_to(const registry::reference& ref) const override;

  /// One password, or nothing for a host that is not a registry of ECR. Errors begin with "Amazon ECR: " and name the
  /// step that failed; no secret is in them. Codes: those of choose_aws_key_source, http::client, aws_refusal and
  /// read_ecr_answer.
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference ref, deadline d) override;

  /// Drops the password for `ref`: the next call fetches a new one.
  bool forget(const registry::reference& ref) override;

  /// {"Amazon ECR", "private registry of account 123456789012 in eu-central-1"}
  [[nodiscard]] std::vector<registry::credential_match> matches(const registry::reference& ref) const override;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace pinhook::cloud
