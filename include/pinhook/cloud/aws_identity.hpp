// Makes the flow that belongs to a way (aws_way.hpp) of proving to AWS who we are.
//
// Pure; any thread.
#pragma once

#include <pinhook/cloud/aws_identity_flow.hpp>
#include <pinhook/cloud/aws_way.hpp>

#include <memory>
#include <string>

namespace pinhook::cloud {

/// Keys that have ended at `now` are refused by the caller; the flow knows no time.
[[nodiscard]] std::unique_ptr<aws_identity_flow> make_aws_identity_flow(const aws_way& way, std::string sts_region,
                                                                        const aws_time_limits& limits = {});

}  // namespace pinhook::cloud
