#include <pinhook/kube/api_client.hpp>

#include <pinhook/kube/api_objects.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::kube {
namespace {

// The lifetime in a TokenRequest: the API server refuses less than the first.
constexpr std::chrono::seconds shortest_token{600};
constexpr std::chrono::seconds longest_token{3600};
constexpr std::size_t max_audience_size = 1024;

}  // namespace

api_client::api_client(std::shared_ptr<api_connection> to, api_client_options options)
    : to_(std::move(to)), options_(options) {}

awaitable<result<secret_object>> api_client::get_secret(std::string ns, std::string name, deadline d) {
  const request_attributes attributes{
      .verb = "get", .resource = "secrets", .ns = std::move(ns), .name = std::move(name)};
  api_call call{.attributes = attributes};
  auto answer = co_await to_->ask(std::move(call), d);
  co_return read_answer(std::move(answer), attributes, parse_secret);
}

awaitable<result<namespace_object>> api_client::get_namespace(std::string name, deadline d) {
  // RBAC takes the namespace itself as the one that a request for it is in, so a Role there can allow it, too.
  const request_attributes attributes{
      .verb = "get", .resource = "namespaces", .ns = {}, .name = std::move(name), .is_cluster_wide = true};
  api_call call{.attributes = attributes};
  auto answer = co_await to_->ask(std::move(call), d);
  co_return read_answer(std::move(answer), attributes, parse_namespace);
}

awaitable<result<service_account>> api_client::get_service_account(std::string ns, std::string name, deadline d) {
  const request_attributes attributes{
      .verb = "get", .resource = "serviceaccounts", .ns = std::move(ns), .name = std::move(name)};
  api_call call{.attributes = attributes};
  auto answer = co_await to_->ask(std::move(call), d);
  co_return read_answer(std::move(answer), attributes, parse_service_account);
}

awaitable<result<service_account_token>> api_client::request_token(std::string ns, std::string service_account,
                                                                   std::string audience, deadline d) {
  const request_attributes attributes{
      .verb = "create", .resource = "serviceaccounts/token", .ns = std::move(ns), .name = std::move(service_account)};
  if (audience.empty() || audience.size() > max_audience_size) {
    error wrong{error_code::invalid_input, "an audience has 1 to 1024 bytes", std::nullopt};
    co_return refuse(std::move(wrong), attributes);
  }
  api_call call{.attributes = attributes, .verb = http::method::post, .content_type = "application/json"};
  const auto lifetime = std::clamp(options_.token_lifetime, shortest_token, longest_token);
  call.body.emplace(token_request(audience, lifetime));
  auto answer = co_await to_->ask(std::move(call), d);
  auto token = read_answer(std::move(answer), attributes, parse_token);
  if (token) token->lifetime = lifetime;
  co_return token;
}

}  // namespace pinhook::kube
