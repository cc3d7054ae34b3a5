#include <pinhook/cloud/aws_error.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/cloud/aws_xml.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::cloud {
namespace {

// Bytes of AWS's text that are kept. An AccessDenied names a role and an action with their whole ARNs.
constexpr std::size_t max_message = 300;
constexpr std::size_t max_code = 60;

std::string bare_code(std::string_view text) {
  if (const auto hash = text.rfind('#'); hash != std::string_view::npos) text.remove_prefix(hash + 1);
  return std::string(text.substr(0, text.find(':')));
}

struct code_row {
  std::string_view begins;
  error_code means;
};
// Codes of ECR, STS and the signature check, by their beginning: services add "Exception" to some.
constexpr std::array<code_row, 19> codes{{
    {"AccessDenied", error_code::denied},
    {"UnauthorizedOperation", error_code::denied},
    {"OptInRequired", error_code::denied},
    {"RegionDisabled", error_code::denied},
    {"UnrecognizedClient", error_code::unauthorized},
    {"InvalidClientTokenId", error_code::unauthorized},
    {"InvalidSignature", error_code::unauthorized},
    {"SignatureDoesNotMatch", error_code::unauthorized},
    {"IncompleteSignature", error_code::unauthorized},
    {"MissingAuthenticationToken", error_code::unauthorized},
    {"ExpiredToken", error_code::unauthorized},
    {"RequestExpired", error_code::unauthorized},
    {"InvalidIdentityToken", error_code::unauthorized},
    {"IDPRejectedClaim", error_code::unauthorized},
    {"IDPCommunicationError", error_code::unavailable},
    {"ServiceUnavailable", error_code::unavailable},
    {"Throttl", error_code::rate_limited},
    {"TooManyRequests", error_code::rate_limited},
    {"RequestLimitExceeded", error_code::rate_limited},
}};

error_code aws_code_of(int status, std::string_view code) {
  const auto* const known =
      std::find_if(codes.begin(), codes.end(), [&](const code_row& one) { return code.starts_with(one.begins); });
  if (known != codes.end()) return known->means;
  switch (status) {
    case 401:
      return error_code::unauthorized;
    case 403:
      return error_code::denied;
    case 404:
      return error_code::not_found;
    case 429:
      return error_code::rate_limited;
    default:
      return status == 408 || status >= 500 ? error_code::unavailable : error_code::malformed;
  }
}

std::string without(std::string text, std::span<const secret> sent) {
  for (const secret& one : sent) {
    if (one.is_empty()) continue;
    constexpr std::string_view mark = "[redacted]";
    for (auto at = text.find(one.reveal()); at != std::string::npos; at = text.find(one.reveal(), at + mark.size()))
      text.replace(at, one.reveal().size(), mark);
  }
  return text;
}

}  // namespace

aws_words read_aws_json_error(const http::response& r) {
  aws_words out;
  constexpr json::parse_limits limits{.depth = 16, .size = std::size_t{64} * 1024};
  if (const auto body = json::parse(r.body, limits)) {
    for (const char* name : {"__type", "code", "Code"})
      if (const auto text = json::find_string(*body, name); text && out.code.empty()) out.code = bare_code(*text);
    for (const char* name : {"message", "Message"})
      if (const auto text = json::find_string(*body, name); text && out.message.empty()) out.message = *text;
  }
  if (out.code.empty())
    if (const auto named = http::find_header(r.headers, "x-amzn-ErrorType")) out.code = bare_code(*named);
  return out;
}

aws_words read_aws_xml_error(const http::response& r) {
  aws_words out;
  const auto body = aws_xml::parse(r.body);
  if (!body) return out;
  out.code = body->find("ErrorResponse/Error/Code").value_or("");
  out.message = body->find("ErrorResponse/Error/Message").value_or("");
  return out;
}

error aws_refusal(const http::response& r, const aws_words& words, std::span<const secret> sent) {
  std::string text = fmt::format("HTTP {}", r.status);
  if (r.status >= 300 && r.status < 400) text += ", a redirect, which is not followed";
  const bool is_plain = std::all_of(words.code.begin(), words.code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
  });
  const std::string code = without(words.code, sent);
  if (!code.empty()) text += is_plain && code.size() <= max_code ? " " + code : " " + quoted(code, max_code);
  if (!words.message.empty()) text += ": " + quoted(without(words.message, sent), max_message);
  return {aws_code_of(r.status, words.code), std::move(text), std::nullopt};
}

}  // namespace pinhook::cloud
