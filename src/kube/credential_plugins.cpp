#include <pinhook/kube/credential_plugins.hpp>

#include <pinhook/base/counted.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/registry/anonymous_identity.hpp>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::string_view default_account = "default";

account_name account_of(const registry::tenant& tenant) {
  return {tenant.ns, tenant.service_account.empty() ? std::string(default_account) : tenant.service_account};
}

std::string label_of(const plugin_provider& plugin) { return fmt::format("credential plugin {}", plugin.name); }

/// A failure of the program says nothing about the image, so its code is unavailable.
error as_unavailable(error e) {
  const bool keeps_code =
      e.code == error_code::timed_out || e.code == error_code::canceled || e.code == error_code::malformed;
  if (!keeps_code) e.code = error_code::unavailable;
  return e;
}

/// All programs must exist, as for the kubelet, which does not start without its plugins.
result<void> check_programs(const std::vector<plugin_provider>& plugins, const std::string& bin_dir) {
  for (const auto& plugin : plugins) {
    const std::string program = fmt::format("{}/{}", bin_dir, plugin.name);
    struct stat found{};
    if (::stat(program.c_str(), &found) != 0)
      return fail(error_code::not_found, fmt::format("{}: {}: {}", label_of(plugin), program, std::strerror(errno)));
    if (!S_ISREG(found.st_mode) || ::access(program.c_str(), X_OK) != 0)
      return fail(error_code::denied, fmt::format("{}: {} is not an executable file", label_of(plugin), program));
  }
  return {};
}

/// All failures as one error, with the code of the first.
error joined_failures(std::vector<error> failures) {
  error out = std::move(failures.front());
  for (std::size_t i = 1; i < failures.size(); ++i) out.message += "; " + failures[i].message;
  return out;
}

result<std::vector<plugin_provider>> read_config(const std::string& path) {
  const auto files = read_plugin_files(path);
  if (!files) return fail(files.error());
  return parse_plugin_files(*files);
}

result<std::vector<plugin_provider>> read_checked(const std::string& path, const std::string& bin_dir) {
  auto providers = read_config(path);
  if (!providers) return providers;
  if (auto there = check_programs(*providers, bin_dir); !there) return fail(std::move(there.error()));
  return providers;
}

}  // namespace

/// The state that a run still needs when no caller waits for it any more.
struct credential_plugins::common {
  common(std::string dir, process_runner& runner, const clock& t, credential_plugins_options o)
      : bin_dir(std::move(dir)), processes(runner), time(t), options(o), answers(t, o.max_held) {}

  const std::string bin_dir;
  process_runner& processes;
  const clock& time;
  const credential_plugins_options options;
  plugin_answers answers;
  std::size_t running = 0;
};

/// The plugins as a source for one tenant.
class credential_plugins::tenant_source final : public registry::credential_source {
 public:
  tenant_source(std::shared_ptr<credential_plugins> all, registry::tenant tenant)
      : all_(std::move(all)), tenant_(std::move(tenant)) {}

  [[nodiscard]] std::string identity_for(const registry::reference& ref) const override {
    const config plugins = all_->plugins_for(tenant_, ref);
    if (plugins.empty()) return registry::anonymous_identity();
    std::string text = "plugin\n";
    for (const auto& plugin : plugins) {
      text += plugin->identity + '\n';
      if (plugin->provider.token && !tenant_.ns.empty())
        text += fmt::format("{}/{}\n", tenant_.ns, account_of(tenant_).name);
    }
    return keyed_hash(text);
  }

  [[nodiscard]] std::optional<std::uint64_t> changes() const override {
    return all_->changes_.load(std::memory_order_acquire);
  }

  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference ref, deadline d) override {
    const auto all = all_;
    auto got = co_await all->credentials_for(tenant_, std::move(ref), d);
    co_return got;
  }

  bool forget(const registry::reference& ref) override { return all_->forget(tenant_, ref); }

  [[nodiscard]] std::vector<registry::credential_match> matches(const registry::reference& ref) const override {
    std::vector<registry::credential_match> out;
    for (const auto& plugin : all_->plugins_for(tenant_, ref))
      out.push_back({label_of(plugin->provider), plugin->provider.match(ref)->text});
    return out;
  }

 private:
  const std::shared_ptr<credential_plugins> all_;
  const registry::tenant tenant_;
};

credential_plugins::credential_plugins(std::string config_path, std::shared_ptr<common> shared, api* kubernetes,
                                       const asio::any_io_executor& on)
    : config_path_(std::move(config_path)),
      shared_(std::move(shared)),
      tokens_(kubernetes, on, shared_->time, shared_->options.hold_accounts),
      flights_(on, shared_->time,
               {.fetch_limit = shared_->options.run_for,
                .hold_failure = shared_->options.hold_failure,
                .capacity = shared_->options.max_held}) {}

result<std::shared_ptr<credential_plugins>> credential_plugins::open(std::string config_path, std::string bin_dir,
                                                                     process_runner& processes, api* kubernetes,
                                                                     asio::any_io_executor on, const clock& time,
                                                                     credential_plugins_options options) {
  // The stamps are taken before the text, so that a change in between is found at the next call.
  auto stamps = std::make_shared<decltype(stamps_of(config_path))>();
  auto providers = read_within<std::vector<plugin_provider>>(config_path, [stamps, config_path, bin_dir] {
    *stamps = stamps_of(config_path);
    return read_checked(config_path, bin_dir);
  });
  if (!providers) return fail(std::move(providers.error()));
  auto shared = std::make_shared<common>(std::move(bin_dir), processes, time, options);
  std::shared_ptr<credential_plugins> out(
      new credential_plugins(std::move(config_path), std::move(shared), kubernetes, on));
  out->config_.store(std::make_shared<const config>(load(*std::move(providers))));
  out->stamps_ = std::move(*stamps);
  return out;
}

std::shared_ptr<registry::credential_source> credential_plugins::for_tenant(const registry::tenant& tenant) {
  return std::make_shared<tenant_source>(shared_from_this(), tenant);
}

result<bool> credential_plugins::reload_if_changed() {
  const std::lock_guard lock(reload_mutex_);
  auto stamps = stamps_of(config_path_);
  if (stamps == stamps_) return false;
  stamps_ = std::move(stamps);
  auto providers = read_config(config_path_);
  if (!providers) return fail(std::move(providers.error()).at("the credential plugins stay as they were"));
  auto fresh = std::make_shared<const config>(load(*std::move(providers)));
  config_.store(std::move(fresh));
  changes_.fetch_add(1, std::memory_order_release);
  return true;
}

void credential_plugins::cancel() {
  tokens_.cancel();
  flights_.cancel();
}

std::vector<std::pair<std::string, file_stamp>> credential_plugins::stamps_of(const std::string& config_path) {
  std::vector<std::pair<std::string, file_stamp>> out;
  const auto paths = list_plugin_files(config_path);
  if (!paths) return out;
  for (const auto& path : *paths) out.emplace_back(path, stamp_of(path));
  return out;
}

credential_plugins::config credential_plugins::load(std::vector<plugin_provider> providers) {
  config out;
  for (auto& one : providers) {
    std::string identity = one.identity();
    out.push_back(std::make_shared<const loaded>(loaded{std::move(one), std::move(identity)}));
  }
  return out;
}

credential_plugins::config credential_plugins::plugins_for(const registry::tenant& tenant,
                                                           const registry::reference& ref) const {
  config out;
  const auto all = config_.load();
  for (const auto& plugin : *all) {
    const auto& token = plugin->provider.token;
    const bool lacks_account = token && token->require_service_account && tenant.ns.empty();
    if (!lacks_account && plugin->provider.match(ref) != nullptr) out.push_back(plugin);
  }
  return out;
}

awaitable<result<std::vector<registry::credential>>> credential_plugins::credentials_for(registry::tenant tenant,
                                                                                         registry::reference ref,
                                                                                         deadline d) {
  const config plugins = plugins_for(tenant, ref);
  const account_name account = account_of(tenant);
  std::vector<answer> answers;
  std::vector<named_answer> named;
  std::vector<error> failures;
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    // Each gets a share of the time, so that one that hangs leaves time to the others.
    const steady_time now = shared_->time.now();
    const auto left = static_cast<std::int64_t>(plugins.size() - i);
    const deadline share = deadline::after(now, d.remaining(now) / left);
    const deadline own = left == 1 ? d : share;
    auto got = co_await answer_of(plugins[i], account, ref, own);
    if (!got) {
      failures.push_back(std::move(got.error()).at(label_of(plugins[i]->provider)));
    } else if (*got) {
      named.push_back({plugins[i]->provider.name, got->get()});
      answers.push_back(*std::move(got));
    }
  }
  auto found = logins_for(ref, named);
  if (found.empty() && !failures.empty()) co_return fail(joined_failures(std::move(failures)));
  for (const auto& one : failures)
    log::debug("a credential plugin failed, and another gave credentials", {{"why", one.message}});
  co_return found;
}

awaitable<result<plugin_answers::answer>> credential_plugins::answer_of(loaded_ptr plugin, account_name account,
                                                                        registry::reference ref, deadline d) {
  plugin_token token;
  if (plugin->provider.token && !account.ns.empty()) {
    auto given = co_await tokens_.token_for(*plugin->provider.token, account, d);
    if (!given) co_return fail(std::move(given.error()));
    if (!*given) {
      log::debug("a credential plugin is not run: the service account lacks an annotation that it requires",
                 {{"plugin", plugin->provider.name}, {"namespace", account.ns}, {"service_account", account.name}});
      co_return answer{};
    }
    token = **std::move(given);
  }
  const plugin_requester requester{plugin->identity, token.key};
  const std::string key = plugin_answers::key_of(requester, ref);
  flights::fetch fetch = [shared = shared_, plugin, token, ref](deadline limit) {
    return run(shared, plugin, token, ref, limit);
  };
  const auto held = shared_->answers.find(requester, ref);
  if (held.value) {
    // The renewal is started and not waited for.
    const deadline at_once = deadline::at(shared_->time.now());
    if (held.is_due) co_await flights_.get(key, std::move(fetch), at_once);
    co_return held.value;
  }
  auto got = co_await flights_.get(key, std::move(fetch), d);
  co_return got;
}

bool credential_plugins::forget(const registry::tenant& tenant, const registry::reference& ref) {
  bool had_any = false;
  for (const auto& plugin : plugins_for(tenant, ref)) {
    plugin_requester requester{plugin->identity, {}};
    if (plugin->provider.token && !tenant.ns.empty()) {
      const auto token = tokens_.held(*plugin->provider.token, account_of(tenant));
      if (!token) continue;
      requester.token_key = token->key;
    }
    if (shared_->answers.drop(requester, ref)) had_any = true;
  }
  return had_any;
}

awaitable<result<credential_plugins::flights::fetched>> credential_plugins::run(std::shared_ptr<common> shared,
                                                                                loaded_ptr plugin, plugin_token token,
                                                                                registry::reference ref, deadline d) {
  const std::size_t most = shared->options.max_running;
  if (shared->running >= most)
    co_return fail(error_code::unavailable, fmt::format("{} credential plugins run already; it was not started", most));
  const counted one(shared->running);

  plugin_question question;
  question.image = image_name(ref);
  question.token = std::move(token.token);
  question.annotations = std::move(token.annotations);
  const std::string where = fmt::format("for {}", question.image);
  auto request = plugin_run(plugin->provider, shared->bin_dir, question);
  auto output = co_await shared->processes.run(std::move(request), d);
  if (!output) co_return fail(as_unavailable(std::move(output.error())).at(where));
  auto read = read_plugin_answer(plugin->provider, *output);
  if (!read) co_return fail(std::move(read.error()).at(where));

  auto got = std::make_shared<const plugin_answer>(*std::move(read));
  const plugin_requester requester{plugin->identity, token.key};
  shared->answers.hold(requester, ref, got);
  // Held by `answers`, and not by the flight.
  flights::fetched out{std::move(got), shared->time.now()};
  co_return out;
}

}  // namespace pinhook::kube
