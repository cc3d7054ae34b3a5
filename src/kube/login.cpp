#include <pinhook/kube/login.hpp>

#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/kube/exec_credential.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::kube {
namespace {

// The key of the only answer in the cache.
constexpr const char* held = "credentials";
constexpr std::size_t max_authority_size = std::size_t{1024} * 1024;
constexpr std::size_t shown_hint = 500;

secret bearer(const std::string& token) { return secret("Bearer " + token); }

// `unavailable`, see login::show: codes such as not_found are about the file, not about the requested object.
error unreadable(error e) {
  if (e.code != error_code::timed_out && e.code != error_code::canceled) e.code = error_code::unavailable;
  return e;
}

awaitable<result<secret>> read_token_file(std::string file, std::chrono::nanoseconds within) {
  auto text = co_await read_file_aside(file, max_token_size, within);
  if (!text) co_return fail(unreadable(std::move(text.error())));
  const auto token = trimmed(text->reveal());
  if (token.empty()) co_return fail(error_code::unavailable, fmt::format("{} is empty", file));
  if (!is_token(token))
    co_return fail(error_code::malformed, fmt::format("{}: the token has an invalid character", file));
  co_return secret(std::string(token));
}

awaitable<result<std::string>> read_authorities(std::shared_ptr<const cluster> where, const clock& time, deadline d) {
  std::string out;
  for (const http::pem& one : where->tls.authorities) {
    if (one.file.empty()) {
      out += one.text.reveal();
      continue;
    }
    const auto text = co_await read_file_aside(one.file, max_authority_size, d.remaining(time.now()));
    if (!text) co_return fail(unreadable(text.error()));
    out += text->reveal();
  }
  co_return out;
}

error cannot_run(const exec_plugin& plugin, error e) {
  const bool is_missing = e.code == error_code::not_found;
  const bool keeps_code =
      e.code == error_code::timed_out || e.code == error_code::canceled || e.code == error_code::malformed;
  // A missing program must not look like a missing object.
  if (!keeps_code) e.code = error_code::unavailable;
  e.message = fmt::format("credential plugin {}: {}", quoted(plugin.command), e.message);
  if (is_missing && !plugin.install_hint.empty())
    e.message += fmt::format("; the kubeconfig says {}", quoted(plugin.install_hint, shown_hint));
  return e;
}

// The inputs of a run of the plugin, owned by the run.
struct plan {
  std::shared_ptr<const cluster> where;
  std::shared_ptr<const http::tls_settings> tls;
  login_options options;
};

awaitable<result<fetch_cache<login::shown>::fetched>> run_plugin(plan p, process_runner& processes, const clock& time,
                                                                 deadline d) {
  const auto& plugin = std::get<exec_plugin>(p.where->login);
  std::string authorities;
  if (plugin.wants_cluster) {
    auto read = co_await read_authorities(p.where, time, d);
    if (!read) co_return fail(std::move(read.error()));
    authorities = *std::move(read);
  }
  auto request = exec_request(plugin, *p.where, authorities);
  auto output = co_await processes.run(std::move(request), d);
  if (!output) co_return fail(cannot_run(plugin, std::move(output.error())));
  auto got = read_exec_answer(plugin, *output);
  if (!got) co_return fail(std::move(got.error()));

  login::shown out{std::nullopt, p.tls};
  if (!got->token.is_empty()) out.authorization = bearer(got->token.reveal());
  if (!got->certificate.is_empty()) {
    http::tls_settings with_certificate = *p.tls;
    with_certificate.certificate.text = std::move(got->certificate);
    with_certificate.key.text = std::move(got->key);
    out.tls = std::make_shared<const http::tls_settings>(std::move(with_certificate));
  }
  fetch_cache<login::shown>::fetched fetched{std::move(out), steady_time::max()};
  if (got->expires_at) {
    constexpr std::chrono::nanoseconds none(0);
    // The times are compared before they are subtracted: the difference of times far apart does not fit.
    const wall_time wall = time.wall();
    const auto left = *got->expires_at <= wall
                          ? none
                          : std::min<std::chrono::nanoseconds>(*got->expires_at - wall, p.options.most_plugin_life);
    const deadline end = deadline::after(time.now(), left);
    fetched.until = end.time();
    fetched.renew_at = end.time() - std::min<std::chrono::nanoseconds>(p.options.ahead, left / 10);
  }
  co_return fetched;
}

fetch_cache_options cache_options(const login_options& o) {
  fetch_cache_options out;
  out.fetch_limit = o.plugin_limit;
  out.hold_failure = o.hold_failure;
  out.capacity = 1;
  return out;
}

}  // namespace

bool operator==(const login::shown& a, const login::shown& b) {
  const bool same_tls = a.tls == b.tls || (a.tls && b.tls && *a.tls == *b.tls);
  return same_tls && a.authorization == b.authorization;
}

login::login(std::shared_ptr<const cluster> where, process_runner& processes, asio::any_io_executor on,
             const clock& time, login_options options)
    : where_(std::move(where)),
      processes_(processes),
      time_(time),
      options_(options),
      plugin_(std::move(on), time, cache_options(options)) {
  if (where_->server.starts_with("https:")) tls_ = std::make_shared<const http::tls_settings>(where_->tls);
}

awaitable<result<login::shown>> login::show(deadline d) {
  if (!tls_ || std::holds_alternative<std::monostate>(where_->login)) co_return shown{std::nullopt, tls_};
  if (const auto* fixed = std::get_if<secret>(&where_->login)) co_return with(*fixed);
  if (const auto* file = std::get_if<token_file>(&where_->login)) {
    auto from = co_await from_file(*file, d);
    co_return from;
  }
  plan p{where_, tls_, options_};
  auto* processes = &processes_;
  const auto* time = &time_;
  fetch_cache<shown>::fetch fetch = [p = std::move(p), processes, time](deadline limit) {
    return run_plugin(p, *processes, *time, limit);
  };
  auto out = co_await plugin_.get(held, std::move(fetch), d);
  co_return out;
}

awaitable<result<login::shown>> login::from_file(const token_file& from, deadline d) {
  const steady_time now = time_.now();
  const bool is_fresh = read_at_ && now - *read_at_ < options_.token_file_age;
  // One read at a time where there is a token to show meanwhile.
  if (!token_.is_empty() && (is_fresh || *is_reading_)) co_return with(bearer(token_.reveal()));
  const std::chrono::nanoseconds left = d.remaining(now);
  const auto within = token_.is_empty() ? left : std::min<std::chrono::nanoseconds>(left, options_.token_file_patience);
  *is_reading_ = true;
  const std::shared_ptr<void> reading(nullptr, [flag = is_reading_](void*) { *flag = false; });
  auto token = co_await read_token_file(from.file, within);
  if (token) {
    token_ = *std::move(token);
  } else {
    // The token that was read before may still be valid; without one the next call reads the file again.
    if (token_.is_empty()) token_ = from.otherwise;
    if (token_.is_empty()) co_return fail(std::move(token.error()));
  }
  read_at_ = time_.now();
  co_return with(bearer(token_.reveal()));
}

awaitable<bool> login::renew(shown refused, deadline d) {
  if (!tls_) co_return false;
  if (const auto* file = std::get_if<token_file>(&where_->login)) {
    read_at_.reset();
    const auto now = co_await from_file(*file, d);
    co_return now && !(*now == refused);
  }
  if (!std::holds_alternative<exec_plugin>(where_->login)) co_return false;
  // Another request may have had it renewed already.
  if (const auto now = plugin_.held(held); now && *now == refused) plugin_.drop(held);
  co_return true;
}

}  // namespace pinhook::kube
