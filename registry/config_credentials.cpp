#include <pinhook/registry/config_credentials.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/registry/anonymous_identity.hpp>
#include <pinhook/registry/credential_helper.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::registry {
namespace {

result<docker_config> read_config(const std::string& file) {
  const auto text = read_file(file, max_docker_config_size);
  if (!text) return fail(text.error());
  return docker_config::parse(text->reveal(), file);
}

}  // namespace

config_credentials::config_credentials(docker_config config, process_runner* helpers, const clock& time,
                                       helper_cache_options options)
    : helpers_(helpers == nullptr ? nullptr : std::make_unique<helper_cache>(*helpers, time, options)),
      config_(std::make_shared<const docker_config>(std::move(config))) {}

result<std::shared_ptr<config_credentials>> config_credentials::open(std::string file, process_runner* helpers,
                                                                     const clock& time, helper_cache_options options,
                                                                     std::chrono::nanoseconds limit) {
  // The stamp is taken before the text, so that a change in between shows at the next check.
  const auto stamp = std::make_shared<file_stamp>();
  auto config = read_within<docker_config>(
      file,
      [stamp, file] {
        *stamp = stamp_of(file);
        return read_config(file);
      },
      limit);
  if (!config) return fail(std::move(config.error()));
  auto out = std::make_shared<config_credentials>(*std::move(config), helpers, time, options);
  out->file_ = std::move(file);
  out->stamp_ = *stamp;
  return out;
}

result<std::shared_ptr<config_credentials>> config_credentials::open_if_there(std::string file, process_runner* helpers,
                                                                              const clock& time,
                                                                              helper_cache_options options,
                                                                              std::chrono::nanoseconds limit) {
  auto opened = open(file, helpers, time, options, limit);
  if (opened || opened.error().code != error_code::not_found) return opened;
  auto out = std::make_shared<config_credentials>(docker_config(), helpers, time, options);
  out->file_ = std::move(file);
  return out;
}

std::string config_credentials::identity_for(const reference& ref) const {
  const auto held = config_.load();
  const auto match = held->find(ref);
  if (const auto* call = std::get_if<helper_call>(&match)) return helper_identity(*call);
  if (const auto* own = std::get_if<const credential*>(&match)) return (*own)->identity;
  return anonymous_identity();
}

awaitable<result<std::vector<credential>>> config_credentials::credentials_for(reference ref, deadline d) {
  const auto held = config_.load();
  auto match = held->find(ref);
  std::vector<credential> out;
  if (const auto* own = std::get_if<const credential*>(&match)) out.push_back(**own);
  auto* call = std::get_if<helper_call>(&match);
  if (call == nullptr) co_return out;

  if (!helpers_)
    co_return fail(error_code::unsupported,
                   fmt::format("docker-credential-{} keeps the credentials for {}, and credential helpers are off",
                               call->suffix, quoted(call->server)));
  auto answer = co_await helpers_->ask(std::move(*call), d);
  if (!answer) co_return fail(std::move(answer.error()));
  std::optional<credential> known = *std::move(answer);
  if (known) out.push_back(*std::move(known));
  co_return out;
}

bool config_credentials::forget(const reference& ref) {
  const auto held = config_.load();
  const auto match = held->find(ref);
  const auto* call = std::get_if<helper_call>(&match);
  return call != nullptr && helpers_ && helpers_->forget(*call);
}

std::vector<credential_match> config_credentials::matches(const reference& ref) const {
  const auto held = config_.load();
  std::vector<credential_match> out;
  auto found = held->describe(ref);
  if (!found) return out;
  if (!helpers_ && std::holds_alternative<helper_call>(held->find(ref))) found->source += " (switched off)";
  out.push_back(*std::move(found));
  return out;
}

result<bool> config_credentials::reload_if_changed() {
  const std::lock_guard lock(reload_mutex_);
  if (file_.empty()) return false;
  const auto stamp = stamp_of(file_);
  if (stamp == stamp_) return false;
  stamp_ = stamp;
  auto config = read_config(file_);
  if (!config) return fail(std::move(config.error()).at("the credentials stay as they were"));
  auto fresh = std::make_shared<const docker_config>(*std::move(config));
  config_.store(std::move(fresh));
  changes_.fetch_add(1, std::memory_order_release);
  return true;
}

}  // namespace pinhook::registry
