#include <pinhook/kube/serving_api_client.hpp>

#include <pinhook/kube/serving_objects.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <random>
#include <utility>

namespace pinhook::kube {
namespace {

// The field manager of all writes but a creation: the last writer owns its fields, on every replica under one name.
constexpr const char* as_pinhook = "fieldManager=pinhook";

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string random_salt() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}", source(), source());
}

request_attributes about_secret(std::string verb, std::string ns, std::string name) {
  request_attributes out{.verb = std::move(verb), .resource = "secrets", .ns = std::move(ns), .name = std::move(name)};
  return out;
}

request_attributes about_registration(std::string verb, std::string name) {
  request_attributes out{
      .verb = std::move(verb), .resource = "mutatingwebhookconfigurations", .ns = {}, .name = std::move(name)};
  out.group = "admissionregistration.k8s.io";
  out.is_cluster_wide = true;
  return out;
}

api_call patch_of(request_attributes request, std::string content_type, secret body) {
  api_call out{.attributes = std::move(request), .verb = http::method::patch};
  out.query = as_pinhook;
  out.content_type = std::move(content_type);
  out.body.emplace(std::move(body));
  out.takes_conflict = true;
  return out;
}

}  // namespace

serving_api_client::serving_api_client(std::shared_ptr<api_connection> to, serving_api_options options)
    : to_(std::move(to)), options_(std::move(options)) {
  if (options_.host.empty()) options_.host = host_name();
  if (!options_.salt) options_.salt = random_salt;
}

awaitable<result<stored_secret>> serving_api_client::get_stored(std::string ns, std::string name, deadline d) {
  const request_attributes request = about_secret("get", std::move(ns), std::move(name));
  api_call call{.attributes = request};
  auto answer = co_await to_->ask(std::move(call), d);
  co_return read_answer(std::move(answer), request, parse_stored);
}

awaitable<result<bool>> serving_api_client::create_stored(std::string ns, std::string name, secret_data data,
                                                          deadline d) {
  secret body = applied_secret(ns, name, data);
  request_attributes request = about_secret("create", std::move(ns), std::move(name));
  request.second_verb = "patch";
  api_call call = patch_of(std::move(request), "application/apply-patch+yaml", std::move(body));
  // Without force: a Secret that another replica made by now stays.
  call.query = "fieldManager=" + field_manager(options_.host, options_.salt());
  auto answer = co_await to_->ask(std::move(call), d);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return !answer->is_conflict();
}

awaitable<result<bool>> serving_api_client::update_stored(std::string ns, std::string name, stored_secret with,
                                                          deadline d) {
  secret body = replaced_data(with);
  request_attributes request = about_secret("patch", std::move(ns), std::move(name));
  api_call call = patch_of(std::move(request), "application/json-patch+json", std::move(body));
  return update(std::move(call), d);
}

awaitable<result<webhook_registration>> serving_api_client::get_registration(std::string name, deadline d) {
  const request_attributes request = about_registration("get", std::move(name));
  api_call call{.attributes = request};
  auto answer = co_await to_->ask(std::move(call), d);
  co_return read_answer(std::move(answer), request, parse_registration);
}

awaitable<result<bool>> serving_api_client::set_bundles(std::string name, webhook_registration with, deadline d) {
  secret body(merged_bundles(with));
  request_attributes request = about_registration("patch", std::move(name));
  api_call call = patch_of(std::move(request), "application/strategic-merge-patch+json", std::move(body));
  return update(std::move(call), d);
}

awaitable<result<bool>> serving_api_client::update(api_call call, deadline d) {
  auto answer = co_await to_->ask(std::move(call), d);
  if (!answer && answer.error().code == error_code::not_found) co_return false;
  if (!answer) co_return fail(std::move(answer.error()));
  co_return !answer->is_conflict();
}

}  // namespace pinhook::kube
