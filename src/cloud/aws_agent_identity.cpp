#include <pinhook/cloud/aws_agent_identity.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/cloud/aws_error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::cloud {
namespace {

constexpr std::string_view agent_step = "container credentials";
constexpr std::string_view instance_step = "instance metadata";
constexpr json::parse_limits agent_limits{.depth = 16, .size = std::size_t{64} * 1024};

error malformed_agent(std::string_view where, std::string_view problem) {
  return {error_code::malformed, fmt::format("{}: {}", where, problem), std::nullopt};
}

bool is_pod_identity(std::string_view url) {
  return url.starts_with("http://169.254.170.23/") || url.starts_with("http://[fd00:ec2::23]/");
}

// IAM's characters for names (IAM API, CreateRole): it becomes part of a URL.
bool is_role_name(std::string_view text) {
  constexpr std::size_t max_role = 64;
  constexpr std::string_view signs = "_+=,.@-";
  return !text.empty() && text.size() <= max_role && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  signs.find(c) != std::string_view::npos;
         });
}

}  // namespace

result<aws_keys> read_aws_keys(std::string_view body, bool must_end) {
  const auto json = json::parse(body, agent_limits);
  if (!json) return fail(error_code::malformed, "the answer is not JSON");
  const auto field = [&](std::string_view name) { return json::find_string(*json, name).value_or(""); };
  for (const char* name : {"AccessKeyId", "SecretAccessKey", "Token"})
    if (!is_aws_token(field(name)))
      return fail(error_code::malformed, fmt::format("the answer has no usable {}", name));
  const auto expires = parse_timestamp(field("Expiration"));
  if (!expires && (must_end || json::find(*json, "Expiration") != nullptr))
    return fail(error_code::malformed, "the answer has no usable Expiration");
  return aws_keys{std::string(field("AccessKeyId")),
                  secret(std::string(field("SecretAccessKey"))),
                  secret(std::string(field("Token"))),
                  expires,
                  {}};
}

aws_step aws_container_flow::start() {
  if (!source_.token_file.empty()) return aws_read_file{source_.token_file};
  return ask();
}

aws_step aws_container_flow::on_file(const result<secret>& content) {
  if (!content)
    return content.error().at(fmt::format("{}: token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)", agent_step));
  source_.authorization = *content;
  return ask();
}

aws_step aws_container_flow::ask() {
  http::request r;
  r.url = source_.url;
  r.headers.push_back({"Accept", "application/json"});
  if (!source_.authorization.is_empty()) {
    // The raw text, unchanged: "Bearer …" and a bare token both occur, so it may contain a space.
    const std::string& text = source_.authorization.reveal();
    if (text.size() > max_aws_key_size ||
        std::any_of(text.begin(), text.end(), [](char c) { return c < ' ' || c >= '\x7f'; }))
      return error{
          error_code::invalid_input,
          fmt::format("{}: the authorization token has characters that no header may have, or is too long", agent_step),
          std::nullopt};
    r.authorization = source_.authorization;
  }
  return aws_send{std::move(r), true, limits_.container};
}

aws_step aws_container_flow::on_answer(const result<http::response>& outcome) {
  if (!outcome) return outcome.error().at(agent_step);
  if (outcome->status != 200)
    return aws_refusal(*outcome, read_aws_json_error(*outcome), std::array{source_.authorization}).at(agent_step);
  auto keys = read_aws_keys(outcome->body, false);
  if (!keys) return std::move(keys.error()).at(agent_step);
  keys->principal = is_pod_identity(source_.url) ? "EKS Pod Identity" : "container credentials";
  return *std::move(keys);
}

aws_step aws_instance_flow::start() {
  http::request r;
  r.verb = http::method::put;
  r.url = source_.url + "/latest/api/token";
  r.headers.push_back({"X-aws-ec2-metadata-token-ttl-seconds", "21600"});
  r.body = secret();
  return aws_send{std::move(r), true, limits_.instance};
}

aws_step aws_instance_flow::get(std::string_view path) const {
  http::request r;
  r.url = fmt::format("{}/latest/meta-data/iam/security-credentials/{}", source_.url, path);
  r.headers.push_back({"X-aws-ec2-metadata-token", token_.reveal()});
  return aws_send{std::move(r), true, limits_.instance};
}

aws_step aws_instance_flow::on_answer(const result<http::response>& outcome) {
  constexpr std::array<std::string_view, 3> names{"session token", "role name", "role's keys"};
  const std::string where = fmt::format("{}: {}", instance_step, names.at(static_cast<std::size_t>(asked_)));
  if (!outcome) {
    error failed = outcome.error().at(where);
    if (asked_ == asked::token)
      failed.message +=
          " (no other AWS identity is configured; off EC2 there is none, and in a Pod the instance's metadata hop "
          "limit must be 2)";
    return failed;
  }
  if (outcome->status != 200) {
    if (asked_ == asked::role && outcome->status == 404)
      return error{error_code::not_found, fmt::format("{}: the instance has no role", where), std::nullopt};
    return aws_refusal(*outcome, read_aws_json_error(*outcome), std::array{token_}).at(where);
  }
  switch (asked_) {
    case asked::token:
      return on_token(*outcome);
    case asked::role:
      return on_role(*outcome);
    case asked::keys:
      break;
  }
  return on_keys(*outcome);
}

aws_step aws_instance_flow::on_token(const http::response& r) {
  if (!is_aws_token(r.body)) return malformed_agent(instance_step, "session token: the answer is not a valid token");
  token_ = secret(r.body);
  asked_ = asked::role;
  return get("");
}

aws_step aws_instance_flow::on_role(const http::response& r) {
  std::string_view role = r.body;
  role = role.substr(0, role.find_first_of("\r\n"));
  if (!is_role_name(role)) return malformed_agent(instance_step, "role name: the answer is not a valid name");
  role_ = role;
  asked_ = asked::keys;
  return get(role_);
}

aws_step aws_instance_flow::on_keys(const http::response& r) const {
  const std::string where = fmt::format("{}: keys of role {}", instance_step, role_);
  if (const auto json = json::parse(r.body, agent_limits)) {
    const auto code = json::find_string(*json, "Code");
    if (!code || *code != "Success")
      return malformed_agent(where, code ? fmt::format("the service says {} instead of \"Success\"", quoted(*code, 60))
                                         : "the answer has no Code");
  }
  auto keys = read_aws_keys(r.body, true);
  if (!keys) return std::move(keys.error()).at(where);
  keys->principal = fmt::format("instance role {}", role_);
  return *std::move(keys);
}

}  // namespace pinhook::cloud
