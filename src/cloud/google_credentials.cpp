#include <pinhook/cloud/google_credentials.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/cloud/fetch_deadline.hpp>
#include <pinhook/cloud/google_hosts.hpp>
#include <pinhook/cloud/google_token_flow.hpp>
#include <pinhook/cloud/oauth.hpp>
#include <pinhook/http/answer_time.hpp>
#include <pinhook/registry/anonymous_identity.hpp>

#include <utility>

namespace pinhook::cloud {
namespace {

constexpr const char* the_token = "token";

}  // namespace

/// The parts that a fetch needs: it may end later than the source.
struct google_credentials::world {
  http::client& api;
  http::client& metadata;
  const clock& time;
  environment variables;
  google_options options;
  std::string identity = keyed_hash("google");
};

google_credentials::google_credentials(http::client& api, http::client& metadata, asio::any_io_executor on,
                                       const clock& time, environment variables, google_options options)
    : world_(std::make_shared<const world>(world{api, metadata, time, std::move(variables), options})),
      tokens_(std::move(on), time, options.tokens) {}

bool google_credentials::may_apply_to(const registry::reference& ref) const {
  return is_google_registry(ref.registry());
}

std::string google_credentials::identity_for(const registry::reference& ref) const {
  return is_google_registry(ref.registry()) ? world_->identity : registry::anonymous_identity();
}

std::vector<registry::credential_match> google_credentials::matches(const registry::reference& ref) const {
  if (!is_google_registry(ref.registry())) return {};
  return {{"Google", "Artifact Registry"}};
}

bool google_credentials::forget(const registry::reference& ref) {
  return is_google_registry(ref.registry()) && tokens_.drop(the_token);
}

awaitable<result<std::vector<registry::credential>>> google_credentials::credentials_for(registry::reference ref,
                                                                                         deadline d) {
  const std::shared_ptr<const world> w = world_;
  std::vector<registry::credential> out;
  if (!is_google_registry(ref.registry())) co_return out;
  const deadline until = fetch_deadline(d, w->time.now(), w->options.patience);
  cache::fetch fetch_one = [w](deadline limit) { return fetch(w, limit); };
  auto token = co_await tokens_.get(the_token, std::move(fetch_one), until);
  if (!token) {
    error e = std::move(token.error());
    if (!e.message.starts_with("Google: ")) e = std::move(e).at("Google");
    co_return fail(std::move(e));
  }
  registry::credential one;
  one.kind = registry::credential_kind::basic;
  one.cloud_minted = true;
  one.username = "oauth2accesstoken";
  one.secret = *std::move(token);
  one.source = "Google";
  one.identity = w->identity;
  out.push_back(std::move(one));
  co_return out;
}

awaitable<result<fetch_cache<secret>::fetched>> google_credentials::fetch(std::shared_ptr<const world> w, deadline d) {
  google_token_flow flow(w->variables);
  google_step step = flow.start();
  for (;;) {
    if (const auto* read = std::get_if<google_read>(&step)) {
      std::string file = read->file;
      const auto content = co_await read_file_aside(std::move(file), read->limit, d.remaining(w->time.now()));
      step = flow.file_read(content, w->time.wall());
    } else if (auto* send = std::get_if<google_send>(&step)) {
      const auto& options = w->options;
      const auto span = send->to_metadata ? options.metadata_limit : options.api_limit;
      const deadline limit = sooner(d, deadline::after(w->time.now(), span));
      http::client& to = send->to_metadata ? w->metadata : w->api;
      http::request request = std::move(send->request);
      const auto outcome = co_await to.send(std::move(request), limit);
      step = flow.answered(outcome, http::answered_at(outcome, w->time.wall()));
    } else if (auto* got = std::get_if<access_token>(&step)) {
      const token_times times = times_of(got->life, w->time.now());
      co_return cache::fetched{std::move(got->token), times.until, times.renew_at};
    } else {
      co_return fail(std::get<error>(std::move(step)));
    }
  }
}

}  // namespace pinhook::cloud
