#include <pinhook/cloud/ecr_credentials.hpp>

#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/cloud/ecr_token.hpp>
#include <pinhook/http/answer_time.hpp>
#include <pinhook/registry/anonymous_identity.hpp>
#include <pinhook/registry/cloud_hosts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::cloud {
namespace {

using std::chrono::minutes;

// Keys are not used so close to their end that a request under way could outlive them.
std::chrono::nanoseconds margin(std::chrono::nanoseconds left) {
  return std::min(std::chrono::nanoseconds(minutes(1)), left / 10);
}

// Keys of a role last 12 hours at most (IAM's "maximum session duration"). Beyond that an end is not believed.
constexpr std::chrono::hours most_key_life{12};

// Keys are renewed five minutes ahead, as by the SDKs; those that live for less than ten, after half of their life.
// `answered`: when they were given.
result<fetch_cache<aws_keys>::fetched> hold_keys(const clock& time, aws_keys keys, wall_time answered) {
  if (!keys.expires) {
    constexpr auto without_end = minutes(15);
    const steady_time until = time.now() + without_end;
    return fetch_cache<aws_keys>::fetched{std::move(keys), until, until - minutes(1)};
  }
  const auto left = std::min<std::chrono::nanoseconds>(*keys.expires - answered, most_key_life);
  if (left <= std::chrono::nanoseconds(0))
    return fail(error_code::malformed,
                fmt::format("{}: the keys given have already ended; is the clock right?", keys.principal));
  const auto ahead = std::min(std::chrono::nanoseconds(minutes(5)), left / 2);
  return fetch_cache<aws_keys>::fetched{std::move(keys), time.now() + (left - margin(left)),
                                        time.now() + (left - ahead)};
}

// A password is used for half of its life; the other half is for a renewal that does not succeed at once.
fetch_cache<ecr_token>::fetched hold_token(const clock& time, ecr_token token) {
  const std::chrono::nanoseconds left = token.life.value_or(minutes(30));
  return {std::move(token), time.now() + (left - margin(left)), time.now() + left / 2};
}

fetch_cache_options options_of(const ecr_options& options, std::chrono::nanoseconds hold_failure) {
  fetch_cache_options out;
  out.fetch_limit = options.fetch_limit;
  out.hold_failure = hold_failure;
  return out;
}

}  // namespace

struct ecr_credentials::state {
  using held_keys = fetch_cache<aws_keys>;
  using held_tokens = fetch_cache<ecr_token>;

  state(http::client& r, http::client& m, const asio::any_io_executor& on, const clock& t, environment e,
        const ecr_options& o)
      : registries(r),
        metadata(m),
        time(t),
        env(std::move(e)),
        source(choose_aws_key_source(env)),
        options(o),
        keys(on, t, options_of(o, is_instance() ? o.hold_no_instance : o.hold_failure)),
        tokens(on, t, options_of(o, o.hold_failure)) {}

  [[nodiscard]] bool is_instance() const { return source && source->kind == aws_key_source_kind::instance; }

  // The keys of a web identity are STS's of one region; those of all other sources are the same everywhere.
  [[nodiscard]] result<std::string> sts_region(const ecr_api& api) const {
    if (source->kind != aws_key_source_kind::web_identity) return std::string();
    return aws_sts_region(env, api.region);
  }

  // Both own the state: fetches may outlive the source.
  static awaitable<result<held_keys::fetched>> fetch_keys(std::shared_ptr<state> all, std::string region, deadline d);
  static awaitable<result<held_tokens::fetched>> fetch_token(std::shared_ptr<state> all, ecr_api api, deadline d);
  static awaitable<result<aws_keys>> keys_for(std::shared_ptr<state> all, std::string region, deadline d);
  static awaitable<result<ecr_token>> ask(std::shared_ptr<state> all, ecr_api api, aws_keys signer, deadline d);

  http::client& registries;
  http::client& metadata;
  const clock& time;
  const environment env;
  const result<aws_key_source> source;
  const ecr_options options;
  held_keys keys;
  held_tokens tokens;
};

ecr_credentials::ecr_credentials(http::client& registries, http::client& metadata, asio::any_io_executor on,
                                 const clock& time, environment env, ecr_options options)
    : state_(std::make_shared<state>(registries, metadata, on, time, std::move(env), options)) {}

ecr_credentials::~ecr_credentials() {
  state_->tokens.cancel();
  state_->keys.cancel();
}

bool ecr_credentials::may_apply_to(const registry::reference& ref) const {
  return registry::is_ecr_public(ref.registry()) || registry::is_ecr_private(ref.registry());
}

std::string ecr_credentials::identity_for(const registry::reference& ref) const {
  const auto api = ecr_api_for(ref.registry());
  return api ? keyed_hash("amazon ecr\n" + api->host) : registry::anonymous_identity();
}

std::vector<registry::credential_match> ecr_credentials::matches(const registry::reference& ref) const {
  const auto api = ecr_api_for(ref.registry());
  if (!api) return {};
  return {{"Amazon ECR", api->registry}};
}

bool ecr_credentials::forget(const registry::reference& ref) {
  const auto api = ecr_api_for(ref.registry());
  return api && state_->tokens.drop(api->host);
}

awaitable<result<std::vector<registry::credential>>> ecr_credentials::credentials_for(registry::reference ref,
                                                                                      deadline d) {
  std::vector<registry::credential> out;
  const auto api = ecr_api_for(ref.registry());
  if (!api) co_return out;
  constexpr std::string_view name = "Amazon ECR";
  if (!state_->source) co_return fail(state_->source.error().at(name));
  const std::shared_ptr<state> all = state_;
  fetch_cache<ecr_token>::fetch fetch_one = [all, api = *api](deadline limit) {
    return state::fetch_token(all, api, limit);
  };
  auto got = co_await all->tokens.get(api->host, std::move(fetch_one), d);
  if (!got) co_return fail(std::move(got.error()).at(name));
  registry::credential one;
  one.kind = registry::credential_kind::basic;
  one.cloud_minted = true;
  one.username = std::move(got->username);
  one.secret = std::move(got->password);
  one.source = fmt::format("{} ({})", name, got->principal);
  one.identity = keyed_hash("amazon ecr\n" + api->host);
  out.push_back(std::move(one));
  co_return out;
}

awaitable<result<fetch_cache<aws_keys>::fetched>> ecr_credentials::state::fetch_keys(std::shared_ptr<state> all,
                                                                                     std::string region, deadline d) {
  const auto flow = make_aws_identity_flow(*all->source, std::move(region), all->options.limits);
  aws_step step = flow->start();
  wall_time answered = all->time.wall();
  for (;;) {
    if (auto* failed = std::get_if<error>(&step)) co_return fail(std::move(*failed));
    if (auto* done = std::get_if<aws_keys>(&step)) co_return hold_keys(all->time, std::move(*done), answered);
    if (const auto* file = std::get_if<aws_read_file>(&step)) {
      std::string name = file->file;
      const auto content = co_await read_file_aside(std::move(name), max_aws_token_file, d.remaining(all->time.now()));
      step = flow->on_file(content);
      continue;
    }
    auto send = std::move(std::get<aws_send>(step));
    const deadline limit = sooner(d, deadline::after(all->time.now(), send.limit));
    http::client& via = send.is_local ? all->metadata : all->registries;
    auto outcome = co_await via.send(std::move(send.request), limit);
    answered = http::answered_at(outcome, all->time.wall());
    step = flow->on_answer(outcome);
  }
}

awaitable<result<aws_keys>> ecr_credentials::state::keys_for(std::shared_ptr<state> all, std::string region,
                                                             deadline d) {
  const std::string key = region;
  held_keys::fetch fetch_one = [all, region](deadline limit) { return fetch_keys(all, region, limit); };
  auto got = co_await all->keys.get(key, std::move(fetch_one), d);
  co_return got;
}

awaitable<result<ecr_token>> ecr_credentials::state::ask(std::shared_ptr<state> all, ecr_api api, aws_keys signer,
                                                         deadline d) {
  const deadline limit = sooner(d, deadline::after(all->time.now(), all->options.limits.api));
  auto request = ecr_token_request(api, signer);
  auto outcome = co_await all->registries.send(std::move(request), limit);
  const std::string where = fmt::format("GetAuthorizationToken of {} as {}", api.host, signer.principal);
  if (!outcome) co_return fail(std::move(outcome.error()).at(where));
  auto token = read_ecr_answer(api, signer, *outcome, http::answered_at(outcome, all->time.wall()));
  if (!token) co_return fail(std::move(token.error()).at(where));
  co_return token;
}

awaitable<result<fetch_cache<ecr_token>::fetched>> ecr_credentials::state::fetch_token(std::shared_ptr<state> all,
                                                                                       ecr_api api, deadline d) {
  const auto region = all->sts_region(api);
  if (!region) co_return fail(region.error());
  const bool were_held = all->keys.held(*region).has_value();
  auto signer = co_await keys_for(all, *region, d);
  if (!signer) co_return fail(std::move(signer.error()));
  auto token = co_await ask(all, api, *signer, d);
  // Keys may be revoked, or end, before their stated end: once more with new ones, if these were not new.
  const bool are_old = were_held && all->source->kind != aws_key_source_kind::environment_keys;
  if (!token && token.error().code == error_code::unauthorized && are_old) {
    all->keys.drop(*region);
    auto renewed = co_await keys_for(all, *region, d);
    if (!renewed) co_return fail(std::move(renewed.error()));
    token = co_await ask(all, api, *renewed, d);
  }
  if (!token) co_return fail(std::move(token.error()));
  co_return hold_token(all->time, *std::move(token));
}

}  // namespace pinhook::cloud
