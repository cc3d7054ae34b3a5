#include <pinhook/cloud/aws_identity.hpp>

#include <pinhook/cloud/aws_agent_identity.hpp>
#include <pinhook/cloud/aws_web_identity.hpp>

#include <utility>

namespace pinhook::cloud {
namespace {

// Nothing to ask for.
class environment_flow final : public aws_identity_flow {
 public:
  explicit environment_flow(aws_keys keys) : keys_(std::move(keys)) {}
  [[nodiscard]] aws_step start() override { return keys_; }

 private:
  aws_keys keys_;
};

}  // namespace

std::unique_ptr<aws_identity_flow> make_aws_identity_flow(const aws_way& way, std::string sts_region,
                                                          const aws_time_limits& limits) {
  switch (way.kind) {
    case aws_way_kind::environment_keys:
      return std::make_unique<environment_flow>(way.keys);
    case aws_way_kind::web_identity:
      return std::make_unique<aws_web_identity_flow>(way, std::move(sts_region), limits);
    case aws_way_kind::container:
      return std::make_unique<aws_container_flow>(way, limits);
    case aws_way_kind::instance:
      break;
  }
  return std::make_unique<aws_instance_flow>(way, limits);
}

}  // namespace pinhook::cloud
