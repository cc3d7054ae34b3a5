#include <pinhook/kube/api_error.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/http/retry.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace pinhook::kube {
namespace {

// Limit in bytes of the shown part of a Status' message: enough for RBAC's with its longest names.
constexpr std::size_t shown_message = 600;
// Limit in bytes of a body that is parsed as a Status; a Status holds no objects.
constexpr std::size_t max_status_size = std::size_t{64} * 1024;

struct row {
  int first, last;
  error_code code;
  std::string_view words;
};

constexpr std::array table{
    row{300, 399, error_code::malformed, "it redirects, and redirects are not followed"},
    row{401, 401, error_code::unauthorized, "it does not accept our credentials"},
    row{403, 403, error_code::denied, "it forbids this"},
    row{404, 404, error_code::not_found, "not found"},
    row{405, 406, error_code::unsupported, "it does not know this request"},
    row{408, 409, error_code::unavailable, "it could not do this now"},
    row{410, 410, error_code::not_found, "no longer exists"},
    row{415, 415, error_code::unsupported, "it does not know this request"},
    row{422, 422, error_code::invalid_input, "it finds the request invalid"},
    row{429, 429, error_code::rate_limited, "it has too much to do"},
    row{400, 499, error_code::invalid_input, "it finds the request invalid"},
    row{500, 599, error_code::unavailable, "it failed"},
};

/// The message of a Status; nothing when the body is not a Status.
std::optional<std::string> message_of(const std::string& body) {
  constexpr json::parse_limits limits{.depth = 16, .size = max_status_size};
  const auto document = json::parse(body, limits);
  if (!document || json::find_string(*document, "kind") != "Status") return std::nullopt;
  return std::string(json::find_string(*document, "message").value_or(""));
}

// A rule for the one name is enough, and so is a rule for all.
std::string missing_rule(const request_attributes& q) {
  if (q.is_path())
    return fmt::format(R"(our user lacks a ClusterRole with verb "{}" on the nonResourceURL "{}")", q.verb, q.resource);
  return fmt::format(R"(our user lacks a {} with verb{} "{}"{} on resource "{}"{} {}{})",
                     q.is_cluster_wide ? "ClusterRole" : "Role or ClusterRole", q.second_verb.empty() ? "" : "s",
                     q.verb, q.second_verb.empty() ? "" : fmt::format(" and \"{}\"", q.second_verb), q.resource,
                     q.group.empty() ? "" : fmt::format(" of apiGroup \"{}\"", q.group),
                     q.is_cluster_wide ? "cluster-wide" : "in namespace " + q.ns,
                     q.is_list() ? "" : fmt::format(R"( (resourceName "{}", or none))", q.name));
}

}  // namespace

std::string request_attributes::to_string() const {
  if (is_path()) return fmt::format("{} {}", verb, resource);
  if (is_list())
    return fmt::format("{} {}{}{} in {}", verb, resource, group.empty() ? "" : ".", group,
                       is_cluster_wide ? "all namespaces" : "namespace " + ns);
  return is_cluster_wide ? fmt::format("{} {} {}", verb, resource, name)
                         : fmt::format("{} {} {}/{}", verb, resource, ns, name);
}

error from_status(const request_attributes& attributes, const http::response& r, wall_time now) {
  const auto found =
      std::ranges::find_if(table, [&](const row& one) { return r.status >= one.first && r.status <= one.last; });
  error out;
  out.code = found == table.end() ? error_code::malformed : found->code;
  std::string words(found == table.end() ? "not a status of an API server" : found->words);
  const auto server_message = message_of(r.body);
  if (out.code == error_code::not_found && !server_message) {
    out.code = error_code::malformed;
    words = "not an answer of an API server: is the address correct?";
  }
  if (out.code == error_code::denied && server_message) words = missing_rule(attributes);
  out.message = fmt::format("HTTP {}: {}", r.status, words);
  if (server_message && !server_message->empty())
    out.message += fmt::format("; it says {}", quoted(*server_message, shown_message));
  if (out.code == error_code::rate_limited || out.code == error_code::unavailable)
    out.retry_after = http::parse_retry_after(r.headers, now);
  return out;
}

}  // namespace pinhook::kube
