#include <pinhook/cloud/ecr_token.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/cloud/aws_error.hpp>
#include <pinhook/registry/cloud_hosts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

namespace pinhook::cloud {
namespace {

std::string private_api(const registry::ecr_registry& r) {
  const std::string_view suffix = r.dual_stack ? r.partition->dual_stack_apis : r.partition->suffix;
  const bool is_standard = r.partition->suffix == "amazonaws.com";
  const std::string_view service = r.fips ? "ecr-fips" : "ecr";
  // The names with IPv6 have no "api." where there are any; nor has FIPS on amazonaws.com.
  const bool is_bare = r.dual_stack || (r.fips && is_standard);
  return fmt::format("{}{}.{}.{}", is_bare ? "" : "api.", service, r.region, suffix);
}

std::unexpected<error> malformed_ecr(std::string_view problem) {
  return fail(error_code::malformed, fmt::format("the answer {}", problem));
}

constexpr std::chrono::hours most_password_life{12};

// Seconds since 1970 with a fraction.
std::optional<wall_time> read_time(const json::value& v) {
  constexpr double year_2200 = 7258118400.0;
  if (!v.IsNumber()) return std::nullopt;
  const double seconds = v.GetDouble();
  if (!(seconds >= 0 && seconds < year_2200)) return std::nullopt;
  return wall_time(std::chrono::seconds(static_cast<std::int64_t>(std::floor(seconds))));
}

// An array of one for private registries, an object for public ones.
const json::value* authorization_of(const ecr_api& api, const json::value& body) {
  const json::value* data = json::find(body, "authorizationData");
  if (data == nullptr) return nullptr;
  if (api.is_public) return data->IsObject() ? data : nullptr;
  return data->IsArray() && !data->Empty() && (*data)[0].IsObject() ? &(*data)[0] : nullptr;
}

std::string_view ecr_hint(const ecr_api& api, const error& refused) {
  if (refused.code != error_code::denied) return "";
  return api.is_public ? " (its IAM policy must allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken)"
                       : " (its IAM policy must allow ecr:GetAuthorizationToken)";
}

result<ecr_token> read_success(const ecr_api& api, std::string_view body, wall_time now) {
  constexpr json::parse_limits limits{.depth = 16, .size = std::size_t{64} * 1024};
  const auto json = json::parse(body, limits);
  if (!json) return malformed_ecr("is not JSON");
  const json::value* data = authorization_of(api, *json);
  if (data == nullptr) return malformed_ecr("has no authorizationData");
  const auto text = json::find_string(*data, "authorizationToken");
  if (!text) return malformed_ecr("has no authorizationToken");
  auto decoded = decode_base64(*text);
  const auto plain = decoded ? std::optional(secret(std::move(*decoded))) : std::nullopt;
  constexpr std::string_view user = "AWS";
  if (!plain || !plain->reveal().starts_with("AWS:"))
    return malformed_ecr("has a token that is not base64 of AWS:password");
  const std::string_view password = std::string_view(plain->reveal()).substr(user.size() + 1);
  if (!is_aws_token(password)) return malformed_ecr("has a token without a usable password");

  ecr_token out{std::string(user), secret(std::string(password)), std::nullopt, {}};
  const json::value* expires = json::find(*data, "expiresAt");
  if (expires == nullptr || expires->IsNull()) return out;
  const auto end = read_time(*expires);
  if (!end) return malformed_ecr("has an expiresAt that is not a time");
  out.life = std::min<std::chrono::seconds>(std::chrono::floor<std::chrono::seconds>(*end - now), most_password_life);
  if (*end <= now) return malformed_ecr("has a token that has already ended; is the clock right?");
  return out;
}

}  // namespace

std::optional<ecr_api> ecr_api_for(std::string_view registry_host) {
  if (registry::is_ecr_public(registry_host)) {
    const bool dual_stack = registry_host == "ecr-public.aws.com";
    return ecr_api{dual_stack ? "ecr-public.us-east-1.api.aws" : "api.ecr-public.us-east-1.amazonaws.com", "us-east-1",
                   "ecr-public", "public registries", true};
  }
  const auto known = registry::parse_ecr_private(registry_host);
  if (!known) return std::nullopt;
  return ecr_api{private_api(*known), std::string(known->region), "ecr",
                 fmt::format("private registry of account {} in {}", known->account, known->region), false};
}

http::request ecr_token_request(const ecr_api& api, const aws_keys& keys) {
  http::request r;
  r.verb = http::method::post;
  r.url = fmt::format("https://{}/", api.host);
  r.headers.push_back({"Content-Type", "application/x-amz-json-1.1"});
  r.headers.push_back({"X-Amz-Target", api.is_public ? "SpencerFrontendService.GetAuthorizationToken"
                                                     : "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"});
  r.body = secret("{}");
  r.sign = http::aws_signature{api.region, api.service, keys.access_key_id, keys.secret_access_key, keys.session_token};
  return r;
}

result<ecr_token> read_ecr_answer(const ecr_api& api, const aws_keys& keys, const http::response& r, wall_time now) {
  if (r.status != 200) {
    error refused = aws_refusal(r, read_aws_json_error(r), std::array{keys.secret_access_key, keys.session_token});
    refused.message += ecr_hint(api, refused);
    return fail(std::move(refused));
  }
  auto out = read_success(api, r.body, now);
  if (out) out->principal = keys.principal;
  return out;
}

}  // namespace pinhook::cloud
