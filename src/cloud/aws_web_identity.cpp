#include <pinhook/cloud/aws_web_identity.hpp>

#include <pinhook/base/timestamp.hpp>
#include <pinhook/cloud/aws_error.hpp>
#include <pinhook/cloud/aws_xml.hpp>
#include <pinhook/registry/cloud_hosts.hpp>

#include <fmt/format.h>

#include <array>

namespace pinhook::cloud {
namespace {

constexpr std::string_view call = "STS AssumeRoleWithWebIdentity";

void add_field(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += name;
  form += '=';
  for (const char c : value) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                          c == '.' || c == '_' || c == '~';
    if (is_plain)
      form += c;
    else
      fmt::format_to(std::back_inserter(form), "%{:02X}", static_cast<unsigned char>(c));
  }
}

std::string sts_host(std::string_view region) {
  return fmt::format("sts.{}.{}", region, registry::aws_partition_of(region).suffix);
}

// "role/pinhook" of "arn:aws:iam::123456789012:role/pinhook".
std::string principal_of(std::string_view arn) {
  const auto colon = arn.rfind(':');
  const std::string_view name = colon == std::string_view::npos ? arn : arn.substr(colon + 1);
  return is_aws_token(name) ? fmt::format("web identity {}", name) : fmt::format("web identity {}", quoted(name));
}

// The remedy for the two refusals that are mistakes of set-up.
std::string_view identity_hint(const aws_words& words) {
  if (words.code.starts_with("AccessDenied"))
    return " (the role's trust policy must let this service account assume it)";
  if (words.code.starts_with("InvalidIdentityToken"))
    return " (IAM must know the cluster's OIDC provider, and the token's audience must be sts.amazonaws.com)";
  return "";
}

}  // namespace

http::request web_identity_request(const aws_key_source& source, std::string_view region, const secret& token) {
  std::string form;
  add_field(form, "Action", "AssumeRoleWithWebIdentity");
  add_field(form, "Version", "2011-06-15");
  add_field(form, "RoleArn", source.role_arn);
  add_field(form, "RoleSessionName", source.session_name);
  add_field(form, "WebIdentityToken", token.reveal());
  http::request r;
  r.verb = http::method::post;
  r.url = fmt::format("https://{}/", sts_host(region));
  r.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  r.headers.push_back({"Accept", "text/xml"});
  r.body = secret(std::move(form));
  return r;
}

result<aws_keys> read_web_identity_answer(std::string_view body) {
  const auto xml = aws_xml::parse(body);
  if (!xml) return fail(xml.error());
  const auto field = [&](std::string_view name) {
    return xml
        ->find(fmt::format("AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/{}", name))
        .value_or("");
  };
  for (const char* name : {"AccessKeyId", "SecretAccessKey", "SessionToken"})
    if (!is_aws_token(field(name)))
      return fail(error_code::malformed, fmt::format("the answer has no usable {}", name));
  const auto expires = parse_timestamp(field("Expiration"));
  if (!expires) return fail(error_code::malformed, "the answer has no usable Expiration");
  return aws_keys{std::string(field("AccessKeyId")),
                  secret(std::string(field("SecretAccessKey"))),
                  secret(std::string(field("SessionToken"))),
                  expires,
                  {}};
}

aws_step aws_web_identity_flow::start() { return aws_read_file{source_.token_file}; }

aws_step aws_web_identity_flow::on_file(const result<secret>& content) {
  constexpr std::string_view where = "web identity token (AWS_WEB_IDENTITY_TOKEN_FILE)";
  if (!content) return content.error().at(where);
  std::string_view token = content->reveal();
  while (token.ends_with('\n') || token.ends_with('\r')) token.remove_suffix(1);
  if (token.empty())
    return error{error_code::invalid_input, fmt::format("{}: {} is empty", where, source_.token_file), std::nullopt};
  token_ = secret(std::string(token));
  return aws_send{web_identity_request(source_, region_, token_), false, limits_.api};
}

aws_step aws_web_identity_flow::on_answer(const result<http::response>& outcome) {
  const std::string where = fmt::format("{} for {}", call, quoted(source_.role_arn));
  if (!outcome) return outcome.error().at(where);
  if (outcome->status != 200) {
    const aws_words words = read_aws_xml_error(*outcome);
    error refused = aws_refusal(*outcome, words, std::array{token_});
    refused.message += identity_hint(words);
    return std::move(refused).at(fmt::format("{}: {}", where, sts_host(region_)));
  }
  auto keys = read_web_identity_answer(outcome->body);
  if (!keys) return std::move(keys.error()).at(where);
  keys->principal = principal_of(source_.role_arn);
  return *std::move(keys);
}

}  // namespace pinhook::cloud
