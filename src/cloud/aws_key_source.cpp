#include <pinhook/cloud/aws_key_source.hpp>

#include <pinhook/http/endpoint.hpp>
#include <pinhook/registry/cloud_hosts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::cloud {
namespace {

std::unexpected<error> invalid_keys(std::string message) { return fail(error_code::invalid_input, std::move(message)); }

bool equals_without_case(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y; });
}

result<aws_key_source> from_keys(const environment& env) {
  const std::string_view id = variable(env, "AWS_ACCESS_KEY_ID");
  const std::string_view key = variable(env, "AWS_SECRET_ACCESS_KEY");
  if (id.empty()) return invalid_keys("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not");
  if (key.empty()) return invalid_keys("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
  const std::string_view session = variable(env, "AWS_SESSION_TOKEN");
  struct row {
    std::string_view name, value;
  };
  for (const auto& [name, value] :
       {row{"AWS_ACCESS_KEY_ID", id}, {"AWS_SECRET_ACCESS_KEY", key}, {"AWS_SESSION_TOKEN", session}})
    if (!value.empty() && !is_aws_token(value)) return invalid_keys(fmt::format("{} holds no key of AWS", name));
  aws_key_source out;
  out.kind = aws_key_source_kind::environment_keys;
  out.keys = {std::string(id), secret(std::string(key)), secret(std::string(session)), std::nullopt,
              "keys of the environment"};
  return out;
}

result<aws_key_source> from_web_identity(const environment& env, std::string_view file) {
  const std::string_view role = variable(env, "AWS_ROLE_ARN");
  if (role.empty()) return invalid_keys("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
  if (!role.starts_with("arn:"))
    return invalid_keys(fmt::format("AWS_ROLE_ARN is {}, which is not an ARN", quoted(role)));
  aws_key_source out;
  out.kind = aws_key_source_kind::web_identity;
  out.role_arn = role;
  const std::string_view session = variable(env, "AWS_ROLE_SESSION_NAME");
  out.session_name = session.empty() ? "pinhook" : session;
  out.token_file = file;
  return out;
}

// Keys come over HTTP only from hosts where no one else can listen: this machine, and ECS's and EKS's agents.
bool may_be_plain(const http::endpoint& agent) {
  if (agent.host == "localhost") return true;
  const auto address = agent.address();
  if (!address) return false;
  constexpr std::array agents{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  return address->is_loopback() || std::any_of(agents.begin(), agents.end(), [&](const char* one) {
           return *address == boost::asio::ip::make_address(one);
         });
}

result<aws_key_source> from_container(const environment& env, std::string_view relative, std::string_view full) {
  aws_key_source out;
  out.kind = aws_key_source_kind::container;
  if (!relative.empty()) {
    if (!relative.starts_with('/'))
      return invalid_keys("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'");
    out.url = fmt::format("http://169.254.170.2{}", relative);
  } else {
    out.url = full;
  }
  const std::string_view name =
      relative.empty() ? "AWS_CONTAINER_CREDENTIALS_FULL_URI" : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  const auto agent = http::parse_endpoint(out.url);
  if (!agent) return invalid_keys(fmt::format("{}: {}", name, agent.error().message));
  if (!agent->is_https && !may_be_plain(*agent))
    return invalid_keys(
        fmt::format("{} leads to {} over HTTP, which is allowed only on this machine and to 169.254.170.2, "
                    "169.254.170.23 and fd00:ec2::23",
                    name, quoted(agent->to_string())));
  out.token_file = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (out.token_file.empty())
    out.authorization = secret(std::string(variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN")));
  return out;
}

result<aws_key_source> from_instance(const environment& env) {
  aws_key_source out;
  out.kind = aws_key_source_kind::instance;
  out.url = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (!out.url.empty()) {
    if (const auto where = http::parse_endpoint(out.url); !where)
      return invalid_keys(fmt::format("AWS_EC2_METADATA_SERVICE_ENDPOINT: {}", where.error().message));
    while (out.url.ends_with('/')) out.url.pop_back();
    return out;
  }
  const std::string_view mode = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  if (mode.empty() || equals_without_case(mode, "ipv4"))
    out.url = "http://169.254.169.254";
  else if (equals_without_case(mode, "ipv6"))
    out.url = "http://[fd00:ec2::254]";
  else
    return invalid_keys(
        fmt::format("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is {}, neither \"IPv4\" nor \"IPv6\"", quoted(mode)));
  return out;
}

}  // namespace

result<aws_key_source> choose_aws_key_source(const environment& env) {
  if (!variable(env, "AWS_ACCESS_KEY_ID").empty() || !variable(env, "AWS_SECRET_ACCESS_KEY").empty())
    return from_keys(env);
  if (const auto file = variable(env, "AWS_WEB_IDENTITY_TOKEN_FILE"); !file.empty())
    return from_web_identity(env, file);
  const std::string_view relative = variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string_view full = variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty() || !full.empty()) return from_container(env, relative, full);
  if (equals_without_case(variable(env, "AWS_EC2_METADATA_DISABLED"), "true"))
    return fail(error_code::not_found,
                "no AWS identity: no keys in the environment, no web identity token, no container credentials, and the "
                "instance's metadata service is switched off (AWS_EC2_METADATA_DISABLED)");
  return from_instance(env);
}

result<std::string> aws_sts_region(const environment& env, std::string_view registry_region) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const std::string_view region = variable(env, name);
    if (region.empty()) continue;
    if (!registry::is_aws_region(region))
      return invalid_keys(fmt::format("{} is {}, which is not a region", name, quoted(region)));
    return std::string(region);
  }
  return std::string(registry_region);
}

}  // namespace pinhook::cloud
