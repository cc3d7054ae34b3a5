// Makes the flow that belongs to a source of AWS keys (aws_key_source.hpp).
//
// Pure; any thread.
#pragma once

#include <pinhook/cloud/aws_identity_flow.hpp>
#include <pinhook/cloud/aws_key_source.hpp>

#include <memory>
#include <string>

namespace pinhook::cloud {

/// Keys that have ended at `now` are refused by the caller; the flow has no clock.
[[nodiscard]] std::unique_ptr<aws_identity_flow> make_aws_identity_flow(const aws_key_source& source,
                                                                        std::string sts_region,
                                                                        const aws_time_limits& limits = {});

}  // namespace pinhook::cloud
