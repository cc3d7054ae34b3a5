#include <pinhook/kube/account_passes.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::kube {
namespace {

std::string text_of(const account_name& who) { return fmt::format("{}/{}", who.ns, who.name); }

std::string token_key(const account_name& who, const service_account& account, const std::string& audience) {
  // A service account that is made anew is another one.
  return fmt::format("{}\n{}\n{}", text_of(who), account.uid, audience);
}

/// What the API says of the service account says nothing about the image.
error unavailable_at(error e, std::string_view where) {
  const bool keeps_code =
      e.code == error_code::timed_out || e.code == error_code::canceled || e.code == error_code::malformed;
  if (!keeps_code) e.code = error_code::unavailable;
  return std::move(e).at(where);
}

using annotations = std::map<std::string, std::string, std::less<>>;

/// No value: a required one is missing.
std::optional<annotations> annotations_for(const token_attributes& wanted, const service_account& account) {
  annotations out;
  for (const auto& key : wanted.required_annotations) {
    const auto found = account.annotations.find(key);
    if (found == account.annotations.end()) return std::nullopt;
    out.insert(*found);
  }
  for (const auto& key : wanted.optional_annotations)
    if (const auto found = account.annotations.find(key); found != account.annotations.end()) out.insert(*found);
  return out;
}

account_pass make_pass(const token_attributes& wanted, const account_name& who, const service_account& account,
                       annotations told, const secret& token) {
  // Quoted, so that no two of them give one text.
  std::string all = fmt::format("{}\n{}\n", text_of(who), quoted(account.uid, account.uid.size()));
  for (const auto& [key, value] : told)
    all += fmt::format("{}={}\n", quoted(key, key.size()), quoted(value, value.size()));
  if (wanted.cache == token_cache_type::token) all += keyed_hash(token.reveal());
  return {token, std::move(told), keyed_hash(all)};
}

}  // namespace

account_passes::account_passes(api* kubernetes, asio::any_io_executor on, const clock& time,
                               std::chrono::nanoseconds hold_accounts)
    : kubernetes_(kubernetes),
      time_(time),
      hold_accounts_(hold_accounts),
      accounts_(on, time, {}),
      tokens_(on, time, {}) {}

awaitable<result<std::optional<account_pass>>> account_passes::pass_for(token_attributes wanted, account_name who,
                                                                        deadline d) {
  const std::string where = fmt::format("service account {}", text_of(who));
  if (kubernetes_ == nullptr)
    co_return fail(
        error_code::unavailable,
        fmt::format("{}: the plugin wants a token of it, and there is no Kubernetes API to give one", where));

  const std::string account_key = text_of(who);
  accounts::fetch how_account = [kubernetes = kubernetes_, who, time = &time_, hold = hold_accounts_](deadline limit) {
    return read_account(kubernetes, who, time, hold, limit);
  };
  auto account = co_await accounts_.get(account_key, std::move(how_account), d);
  if (!account) co_return fail(unavailable_at(std::move(account.error()), where));
  auto told = annotations_for(wanted, *account);
  if (!told) co_return std::nullopt;

  const std::string key = token_key(who, *account, wanted.audience);
  tokens::fetch how_token = [kubernetes = kubernetes_, who, audience = wanted.audience, time = &time_](deadline limit) {
    return get_token(kubernetes, who, audience, time, limit);
  };
  auto token = co_await tokens_.get(key, std::move(how_token), d);
  if (!token) {
    const std::string step = fmt::format("{}: a token for {}", where, quoted(wanted.audience, 100));
    co_return fail(unavailable_at(std::move(token.error()), step));
  }
  co_return make_pass(wanted, who, *account, *std::move(told), token->token);
}

std::optional<account_pass> account_passes::held(const token_attributes& wanted, const account_name& who) const {
  const auto account = accounts_.held(text_of(who));
  if (!account) return std::nullopt;
  auto told = annotations_for(wanted, *account);
  if (!told) return std::nullopt;
  const auto token = tokens_.held(token_key(who, *account, wanted.audience));
  if (!token) return std::nullopt;
  return make_pass(wanted, who, *account, *std::move(told), token->token);
}

void account_passes::cancel() {
  accounts_.cancel();
  tokens_.cancel();
}

awaitable<result<account_passes::accounts::fetched>> account_passes::read_account(api* kubernetes, account_name who,
                                                                                  const clock* time,
                                                                                  std::chrono::nanoseconds hold,
                                                                                  deadline d) {
  auto read = co_await kubernetes->get_service_account(who.ns, who.name, d);
  if (!read) co_return fail(std::move(read.error()));
  accounts::fetched out{*std::move(read), time->now() + hold};
  co_return out;
}

awaitable<result<account_passes::tokens::fetched>> account_passes::get_token(api* kubernetes, account_name who,
                                                                             std::string audience, const clock* time,
                                                                             deadline d) {
  auto given = co_await kubernetes->request_token(who.ns, who.name, audience, d);
  if (!given) co_return fail(std::move(given.error()));
  const std::chrono::nanoseconds life = given->expires_at - time->wall();
  const steady_time now = time->now();
  // The last tenth is for the plugin to use it.
  tokens::fetched out{*std::move(given), now + life / 10 * 9, now + life / 10 * 8};
  co_return out;
}

}  // namespace pinhook::kube
