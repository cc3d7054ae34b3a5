// Checks AWS Signature Version 4 on a request that a scripted server recorded, as AWS would: the canonical request is
// built again from the received request, by the specification ("Create a signed AWS API request", IAM User Guide), with
// nothing of the code under test.
//
//   EXPECT_EQ(sigv4_fault(server.requests().at(0), secret_key), std::nullopt);
//   EXPECT_EQ(sigv4_claim_of(server.requests().at(0))->region, "eu-central-1");
//
// Pure functions; any thread.
#pragma once

#include "support/scripted_server.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

/// The parts of an Authorization header of Signature Version 4.
struct sigv4_claim {
  std::string access_key_id;
  std::string date;  // "20250131"
  std::string region;
  std::string service;
  std::vector<std::string> signed_headers;  // lower case
  std::string signature;
};

/// Nothing when the request carries no such header.
[[nodiscard]] std::optional<sigv4_claim> sigv4_claim_of(const recorded_request& r);

/// The fault of the request's signature as text; no value when it is valid. `host`, Content-Type and every X-Amz-*
/// header must be signed. The time is not compared with the clock.
[[nodiscard]] std::optional<std::string> sigv4_fault(const recorded_request& r, std::string_view secret_key);

}  // namespace pinhook::testing
