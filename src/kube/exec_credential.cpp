#include <pinhook/kube/exec_credential.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/kube/bearer_token.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::array<std::string_view, 2> versions{"client.authentication.k8s.io/v1",
                                                   "client.authentication.k8s.io/v1beta1"};

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ',';
  json::append_string(out, name);
  out += ':';
  json::append_string(out, text);
}

std::string cluster_info(const exec_plugin& plugin, const cluster& where, std::string_view authorities) {
  std::string out = R"({"server":)";
  json::append_string(out, where.server);
  if (!where.tls.server_name.empty()) append_member(out, "tls-server-name", where.tls.server_name);
  if (!where.tls.verify) out += R"(,"insecure-skip-tls-verify":true)";
  if (!authorities.empty()) append_member(out, "certificate-authority-data", encode_base64(authorities));
  if (!plugin.cluster_config.empty()) out += R"(,"config":)" + plugin.cluster_config;
  return out + "}";
}

}  // namespace

bool is_exec_version(std::string_view api_version) {
  return std::ranges::find(versions, api_version) != versions.end();
}

process_request exec_request(const exec_plugin& plugin, const cluster& where, std::string_view authorities) {
  process_request out;
  out.argv.push_back(plugin.command);
  out.argv.insert(out.argv.end(), plugin.args.begin(), plugin.args.end());
  out.environment = plugin.environment;
  out.output_limit = max_exec_output;
  std::string info = R"({"apiVersion":)";
  json::append_string(info, plugin.api_version);
  info += R"(,"kind":"ExecCredential","spec":{"interactive":false)";
  if (plugin.wants_cluster) info += R"(,"cluster":)" + cluster_info(plugin, where, authorities);
  info += "}}";
  out.environment.push_back("KUBERNETES_EXEC_INFO=" + info);
  return out;
}

result<exec_credential> read_exec_answer(const exec_plugin& plugin, const process_output& output) {
  const std::string name = quoted(plugin.command);
  const auto broken = [&](std::string_view fault) {
    return fail(error_code::malformed, fmt::format("credential plugin {}: {}", name, fault));
  };
  if (output.exit_code != 0)
    return fail(error_code::unavailable, fmt::format("credential plugin {}: exit code {}, it says {}", name,
                                                     output.exit_code, quoted(output.errors.reveal())));
  constexpr json::parse_limits limits{.depth = 16, .size = max_exec_output};
  const auto document = json::parse(output.output.reveal(), limits);
  if (!document) return broken(document.error().message);
  if (json::find_string(*document, "kind") != "ExecCredential") return broken("the answer is not an ExecCredential");
  const auto version = json::find_string(*document, "apiVersion").value_or("");
  if (version != plugin.api_version)
    return broken(fmt::format("the answer has apiVersion {}; {} was requested", quoted(version), plugin.api_version));
  const json::value* status = json::find(*document, "status");
  if (status == nullptr || !status->IsObject()) return broken("the answer has no \"status\"");

  const auto text = [&](std::string_view key) { return json::find_string(*status, key).value_or(""); };
  exec_credential out;
  out.token = secret(std::string(text("token")));
  out.certificate = secret(std::string(text("clientCertificateData")));
  out.key = secret(std::string(text("clientKeyData")));
  if (out.certificate.is_empty() != out.key.is_empty()) return broken("a certificate and its key must come together");
  if (out.token.is_empty() && out.certificate.is_empty()) return broken("the answer has neither token nor certificate");
  if (!out.token.is_empty() && !is_token(out.token.reveal())) return broken("the token has an invalid character");
  if (const json::value* end = json::find(*status, "expirationTimestamp"); end != nullptr && !end->IsNull()) {
    out.expires_at = parse_timestamp(text("expirationTimestamp"));
    if (!out.expires_at) return broken("\"expirationTimestamp\" is not a valid RFC 3339 time");
  }
  return out;
}

}  // namespace pinhook::kube
