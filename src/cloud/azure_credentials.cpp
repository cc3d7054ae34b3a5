#include <pinhook/cloud/azure_credentials.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/cloud/azure_exchange.hpp>
#include <pinhook/cloud/azure_hosts.hpp>
#include <pinhook/cloud/azure_principal.hpp>
#include <pinhook/cloud/fetch_deadline.hpp>
#include <pinhook/http/answer_time.hpp>
#include <pinhook/registry/anonymous_identity.hpp>

#include <fmt/core.h>

#include <optional>
#include <utility>

namespace pinhook::cloud {
namespace {

// ACR's user name for clients that show a token as a password.
constexpr const char* user_of_zeros = "00000000-0000-0000-0000-000000000000";

std::string identity_of(std::string_view host) { return keyed_hash(fmt::format("azure\n{}", host)); }

struct prepared {
  http::request request;
  token_step step;
  bool to_metadata = false;
};

// Makes the request for Azure's token; the workload's file is read for it.
awaitable<result<prepared>> prepare(environment variables, std::chrono::nanoseconds within) {
  const auto principal = find_azure_principal(variables);
  if (!principal) co_return fail(principal.error());
  if (const auto* managed = std::get_if<azure_managed>(&*principal))
    co_return prepared{managed_request(*managed), {"Azure: managed identity", {}}, true};
  const auto& workload = std::get<azure_workload>(*principal);
  const std::string step = "Azure: AZURE_FEDERATED_TOKEN_FILE";
  std::string file = workload.token_file;
  const auto content = co_await read_file_aside(std::move(file), max_federated_token_size, within);
  if (!content) {
    error e = content.error().at(step);
    // It may be there another time, and its absence tells nothing about the image.
    if (e.code != error_code::invalid_input) e.code = error_code::unavailable;
    co_return fail(std::move(e));
  }
  const secret assertion(std::string(trimmed(content->reveal())));
  if (assertion.is_empty())
    co_return fail(error_code::invalid_input, fmt::format("{}: {} is empty", step, workload.token_file));
  co_return prepared{workload_request(workload, assertion), {"Azure: workload identity", {assertion}}, false};
}

}  // namespace

/// The parts that a fetch needs: it may end later than the source.
struct azure_credentials::world {
  http::client& api;
  http::client& metadata;
  const clock& time;
  environment variables;
  azure_options options;

  [[nodiscard]] deadline limit(deadline d, std::chrono::nanoseconds span) const {
    return sooner(d, deadline::after(time.now(), span));
  }
};

azure_credentials::azure_credentials(http::client& api, http::client& metadata, asio::any_io_executor on,
                                     const clock& time, environment variables, azure_options options)
    : world_(std::make_shared<const world>(world{api, metadata, time, std::move(variables), options})),
      azure_(std::make_shared<cache>(on, time, options.tokens)),
      registries_(on, time, options.tokens) {}

azure_credentials::~azure_credentials() {
  registries_.cancel();
  azure_->cancel();
}

bool azure_credentials::may_apply_to(const registry::reference& ref) const {
  return acr_name(ref.registry()).has_value();
}

std::string azure_credentials::identity_for(const registry::reference& ref) const {
  return acr_name(ref.registry()) ? identity_of(ref.registry()) : registry::anonymous_identity();
}

std::vector<registry::credential_match> azure_credentials::matches(const registry::reference& ref) const {
  const auto name = acr_name(ref.registry());
  if (!name) return {};
  return {{"Azure", fmt::format("container registry {}", *name)}};
}

bool azure_credentials::forget(const registry::reference& ref) {
  return acr_name(ref.registry()) && registries_.drop(ref.registry());
}

awaitable<result<std::vector<registry::credential>>> azure_credentials::credentials_for(registry::reference ref,
                                                                                        deadline d) {
  const std::shared_ptr<const world> w = world_;
  std::vector<registry::credential> out;
  const std::string host = ref.registry();
  if (!acr_name(host)) co_return out;
  const deadline until = fetch_deadline(d, w->time.now(), w->options.patience);
  cache::fetch fetch = [w, azure = azure_, host](deadline limit) { return ask_registry(w, azure, host, limit); };
  auto token = co_await registries_.get(host, std::move(fetch), until);
  if (!token) {
    error e = std::move(token.error());
    if (!e.message.starts_with("Azure: ")) e = std::move(e).at("Azure");
    co_return fail(std::move(e));
  }
  registry::credential one;
  one.kind = registry::credential_kind::identity_token;
  one.cloud_minted = true;
  one.username = user_of_zeros;
  one.secret = *std::move(token);
  one.source = "Azure";
  one.identity = identity_of(host);
  out.push_back(std::move(one));
  co_return out;
}

awaitable<result<fetch_cache<secret>::fetched>> azure_credentials::ask_azure(std::shared_ptr<const world> w,
                                                                             deadline d) {
  environment variables = w->variables;
  auto ready = co_await prepare(std::move(variables), d.remaining(w->time.now()));
  if (!ready) co_return fail(std::move(ready.error()));
  const auto& options = w->options;
  const deadline limit = w->limit(d, ready->to_metadata ? options.metadata_limit : options.api_limit);
  http::client& to = ready->to_metadata ? w->metadata : w->api;
  http::request request = std::move(ready->request);
  const auto outcome = co_await to.send(std::move(request), limit);
  auto got = read_access_token(ready->step, outcome, http::answered_at(outcome, w->time.wall()));
  if (!got) co_return fail(std::move(got.error()));
  const token_times times = times_of(got->life, w->time.now());
  co_return cache::fetched{std::move(got->token), times.until, times.renew_at};
}

awaitable<result<fetch_cache<secret>::fetched>> azure_credentials::ask_registry(std::shared_ptr<const world> w,
                                                                                std::shared_ptr<cache> azure,
                                                                                std::string host, deadline d) {
  cache::fetch fetch = [w](deadline limit) { return ask_azure(w, limit); };
  const auto token = co_await azure->get("token", std::move(fetch), d);
  if (!token) co_return fail(token.error());
  http::request request = exchange_request(host, *token, variable(w->variables, "AZURE_TENANT_ID"));
  const deadline limit = w->limit(d, w->options.api_limit);
  const auto outcome = co_await w->api.send(std::move(request), limit);
  const token_step step{fmt::format("Azure: token exchange at {}", host), {*token}};
  auto got = read_exchange(step, outcome, http::answered_at(outcome, w->time.wall()));
  if (!got) co_return fail(std::move(got.error()));
  const token_times times = times_of(got->life, w->time.now());
  co_return cache::fetched{std::move(got->token), times.until, times.renew_at};
}

}  // namespace pinhook::cloud
