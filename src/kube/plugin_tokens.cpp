#include <pinhook/kube/plugin_tokens.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::kube {
namespace {

std::string text_of(const account_name& name) { return fmt::format("{}/{}", name.ns, name.name); }

std::string token_key(const account_name& name, const service_account& account, const std::string& audience) {
  // A service account that is deleted and created again is another one, so the key has the uid.
  return fmt::format("{}\n{}\n{}", text_of(name), account.uid, audience);
}

// An error of the API about the service account says nothing about the image, so its code is unavailable.
error unavailable_at(error e, std::string_view where) {
  const bool keeps_code =
      e.code == error_code::timed_out || e.code == error_code::canceled || e.code == error_code::malformed;
  if (!keeps_code) e.code = error_code::unavailable;
  return std::move(e).at(where);
}

using annotations = std::map<std::string, std::string, std::less<>>;

// No value: a required one is missing.
std::optional<annotations> annotations_for(const token_attributes& attributes, const service_account& account) {
  annotations out;
  for (const auto& key : attributes.required_annotations) {
    const auto found = account.annotations.find(key);
    if (found == account.annotations.end()) return std::nullopt;
    out.insert(*found);
  }
  for (const auto& key : attributes.optional_annotations)
    if (const auto found = account.annotations.find(key); found != account.annotations.end()) out.insert(*found);
  return out;
}

plugin_token make_token(const token_attributes& attributes, const account_name& name, const service_account& account,
                        annotations sent, const secret& token) {
  // Quoted, so that no two inputs give the same text.
  std::string all = fmt::format("{}\n{}\n", text_of(name), quoted(account.uid, account.uid.size()));
  for (const auto& [key, value] : sent)
    all += fmt::format("{}={}\n", quoted(key, key.size()), quoted(value, value.size()));
  if (attributes.cache == token_cache_type::token) all += keyed_hash(token.reveal());
  return {token, std::move(sent), keyed_hash(all)};
}

}  // namespace

plugin_tokens::plugin_tokens(api* kubernetes, asio::any_io_executor on, const clock& time,
                             std::chrono::nanoseconds hold_accounts)
    : kubernetes_(kubernetes),
      time_(time),
      hold_accounts_(hold_accounts),
      accounts_(on, time, {}),
      tokens_(on, time, {}) {}

awaitable<result<std::optional<plugin_token>>> plugin_tokens::token_for(token_attributes attributes, account_name name,
                                                                        deadline d) {
  const std::string where = fmt::format("service account {}", text_of(name));
  if (kubernetes_ == nullptr)
    co_return fail(
        error_code::unavailable,
        fmt::format("{}: the plugin needs a token for it, and there is no Kubernetes API to issue one", where));

  const std::string account_key = text_of(name);
  accounts::fetch fetch_account = [kubernetes = kubernetes_, name, time = &time_, hold = hold_accounts_](
                                      deadline limit) { return read_account(kubernetes, name, time, hold, limit); };
  auto account = co_await accounts_.get(account_key, std::move(fetch_account), d);
  if (!account) co_return fail(unavailable_at(std::move(account.error()), where));
  auto sent = annotations_for(attributes, *account);
  if (!sent) co_return std::nullopt;

  const std::string key = token_key(name, *account, attributes.audience);
  tokens::fetch fetch_token = [kubernetes = kubernetes_, name, audience = attributes.audience, time = &time_](
                                  deadline limit) { return get_token(kubernetes, name, audience, time, limit); };
  auto token = co_await tokens_.get(key, std::move(fetch_token), d);
  if (!token) {
    const std::string step = fmt::format("{}: a token for {}", where, quoted(attributes.audience, 100));
    co_return fail(unavailable_at(std::move(token.error()), step));
  }
  co_return make_token(attributes, name, *account, *std::move(sent), token->token);
}

std::optional<plugin_token> plugin_tokens::held(const token_attributes& attributes, const account_name& name) const {
  const auto account = accounts_.held(text_of(name));
  if (!account) return std::nullopt;
  auto sent = annotations_for(attributes, *account);
  if (!sent) return std::nullopt;
  const auto token = tokens_.held(token_key(name, *account, attributes.audience));
  if (!token) return std::nullopt;
  return make_token(attributes, name, *account, *std::move(sent), token->token);
}

void plugin_tokens::cancel() {
  accounts_.cancel();
  tokens_.cancel();
}

awaitable<result<plugin_tokens::accounts::fetched>> plugin_tokens::read_account(api* kubernetes, account_name name,
                                                                                const clock* time,
                                                                                std::chrono::nanoseconds hold,
                                                                                deadline d) {
  auto read = co_await kubernetes->get_service_account(name.ns, name.name, d);
  if (!read) co_return fail(std::move(read.error()));
  accounts::fetched out{*std::move(read), time->now() + hold};
  co_return out;
}

awaitable<result<plugin_tokens::tokens::fetched>> plugin_tokens::get_token(api* kubernetes, account_name name,
                                                                           std::string audience, const clock* time,
                                                                           deadline d) {
  auto given = co_await kubernetes->request_token(name.ns, name.name, audience, d);
  if (!given) co_return fail(std::move(given.error()));
  const auto life = std::min<std::chrono::nanoseconds>(given->expires_at - time->wall(), given->lifetime);
  const steady_time now = time->now();
  // The last tenth is left for the plugin to use the token.
  tokens::fetched out{*std::move(given), now + life / 10 * 9, now + life / 10 * 8};
  co_return out;
}

}  // namespace pinhook::kube
