// Any bytes as an answer of a cloud's token service, and as the file that says who asks at Google's: a token fits a
// header and has a life that is believed, or there is a refusal in words.
#include "fuzz/json_mutator.hpp"
#include "fuzz/require.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/cloud/aws_agent_identity.hpp>
#include <pinhook/cloud/aws_web_identity.hpp>
#include <pinhook/cloud/azure_exchange.hpp>
#include <pinhook/cloud/ecr_token.hpp>
#include <pinhook/cloud/google_principal.hpp>
#include <pinhook/cloud/oauth.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;
using fuzz::require;

void check(const result<cloud::access_token>& got) {
  if (!got) {
    require(!got.error().message.empty());
    return;
  }
  const std::string& text = got->token.reveal();
  require(!text.empty() && text.size() <= cloud::max_access_token_size);
  require(std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; }));
  require(got->life.count() >= 0 && got->life <= cloud::most_token_life);
}

void check(const result<cloud::aws_keys>& got) {
  require(got ? cloud::is_aws_token(got->access_key_id) && cloud::is_aws_token(got->secret_access_key.reveal())
              : !got.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const wall_time now = parse_timestamp("2027-01-01T00:00:00Z").value();
  static const cloud::token_step step{"Cloud: token", {}};
  static const cloud::ecr_api api = cloud::ecr_api_for("123456789012.dkr.ecr.eu-central-1.amazonaws.com").value();
  http::response answer;
  answer.status = 200;
  answer.body.assign(reinterpret_cast<const char*>(data), size);
  check(cloud::read_access_token(step, answer, now));
  check(cloud::read_exchange(step, answer, now));
  check(cloud::read_aws_keys(answer.body, size % 2 == 0));
  check(cloud::read_web_identity_answer(answer.body));
  (void)cloud::jwt_expiry(answer.body);
  if (const auto got = cloud::read_ecr_answer(api, {}, answer, now))
    require(got->username == "AWS" && !got->password.is_empty() && (!got->life || got->life->count() > 0));
  const auto principal = cloud::parse_google_principal(answer.body);
  require(principal || !principal.error().message.empty());
  answer.status = 403;
  require(!cloud::refused(step, answer, now).message.empty());
  return 0;
}
