#include <pinhook/cloud/aws_identity.hpp>

#include <pinhook/cloud/aws_agent_identity.hpp>
#include <pinhook/cloud/aws_web_identity.hpp>

#include <utility>

namespace pinhook::cloud {
namespace {

// Keys from the environment need no request.
class environment_flow final : public aws_identity_flow {
 public:
  explicit environment_flow(aws_keys keys) : keys_(std::move(keys)) {}
  [[nodiscard]] aws_step start() override { return keys_; }

 private:
  aws_keys keys_;
};

}  // namespace

std::unique_ptr<aws_identity_flow> make_aws_identity_flow(const aws_key_source& source, std::string sts_region,
                                                          const aws_time_limits& limits) {
  switch (source.kind) {
    case aws_key_source_kind::environment_keys:
      return std::make_unique<environment_flow>(source.keys);
    case aws_key_source_kind::web_identity:
      return std::make_unique<aws_web_identity_flow>(source, std::move(sts_region), limits);
    case aws_key_source_kind::container:
      return std::make_unique<aws_container_flow>(source, limits);
    case aws_key_source_kind::instance:
      break;
  }
  return std::make_unique<aws_instance_flow>(source, limits);
}

}  // namespace pinhook::cloud
