#include <pinhook/webhook/certificate_source.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/config/serving_policy.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::webhook {
certificate_source::certificate_source(std::shared_ptr<kube::api_connection> to, const config::settings& s,
                                       surroundings around)
    : around_(around), configuration_(s.tls.webhook_configuration), api_(std::move(to)) {}

result<std::unique_ptr<certificate_source>> certificate_source::self_managed(std::shared_ptr<kube::api_connection> to,
                                                                             const config::settings& s,
                                                                             surroundings around) {
  if (s.own_namespace.empty())
    return fail(
        error_code::invalid_input,
        "no certificate is given, and the namespace to keep one in is not known: set namespace or POD_NAMESPACE");
  auto policy = config::serving_policy_of(s, s.own_namespace);
  if (!policy) return fail(std::move(policy.error()));
  kube::serving_options options;
  options.ns = s.own_namespace;
  options.secret_name = s.tls.secret;
  options.configuration = s.tls.webhook_configuration;
  options.policy = *std::move(policy);
  options.check_interval = s.tls.check_interval;
  std::unique_ptr<certificate_source> out(new certificate_source(std::move(to), s, around));
  out->keeper_.emplace(out->api_, around.time, std::move(options), *out);
  return out;
}

std::unique_ptr<certificate_source> certificate_source::watched(std::shared_ptr<kube::api_connection> to,
                                                                const config::settings& s, surroundings around) {
  kube::trust_watch_options options;
  options.configuration = s.tls.webhook_configuration;
  options.check_interval = s.tls.check_interval;
  std::unique_ptr<certificate_source> out(new certificate_source(std::move(to), s, around));
  out->watch_.emplace(out->api_, around.time, std::move(options), [&tls = around.tls] { return tls.chain(); }, *out);
  return out;
}

awaitable<void> certificate_source::keep() {
  around_.state.set(
      server::health_state::not_ready,
      fmt::format("the serving certificate is not trusted by MutatingWebhookConfiguration {} yet", configuration_));
  if (keeper_)
    co_await keeper_->keep();
  else
    co_await watch_->keep();
}

result<void> certificate_source::use(const key_pair& pair) {
  if (auto taken = around_.tls.set_pair(pair.certificate, pair.key); !taken) return taken;
  around_.numbers.set_certificate_expiry(around_.tls.not_after());
  around_.numbers.count_certificate_change(server::certificate_change::served);
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(around_.tls.not_after() - around_.time.wall());
  log::info("another serving certificate is in use", {{"valid_for_seconds", left.count()}});
  return {};
}

void certificate_source::trusted() {
  around_.numbers.set_certificate_trusted(true);
  around_.state.set(server::health_state::ready);
  log::info("ready: the serving certificate is trusted", {{"configuration", configuration_}});
}

void certificate_source::not_trusted(const std::string& reason) {
  around_.numbers.set_certificate_trusted(false);
  around_.state.set(server::health_state::not_ready, reason);
  log::warning("not ready: the serving certificate is not trusted", {{"why", reason}});
}

void certificate_source::wrote(std::string_view object, std::string_view reason) {
  const bool is_secret = object.starts_with("Secret ");
  around_.numbers.count_certificate_change(is_secret ? server::certificate_change::secret
                                                     : server::certificate_change::bundle);
  log::info(fmt::format("wrote {}", object), {{"why", reason}});
}

void certificate_source::failed(const error& e) {
  around_.numbers.count_certificate_failure();
  log::error("the serving certificate cannot be looked after", {{"why", e.message}});
}

void certificate_source::unchecked(const std::string& reason) {
  log::warning("whether API servers trust the serving certificate cannot be checked", {{"why", reason}});
}

}  // namespace pinhook::webhook
