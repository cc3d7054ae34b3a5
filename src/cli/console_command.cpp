#include <pinhook/access/command_digests.hpp>
#include <pinhook/access/file_object.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/moves_output.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/serve_console.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/console/console.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/server/listen_address.hpp>
#include <pinhook/store/history.hpp>

#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view console_name = "console";

// SQLite's name for a database without a file.
constexpr const char* in_memory = ":memory:";

int refuse_console(const error& e) {
  say(console_name, e.message);
  return exit_code(e.code);
}

// invalid_input: an address that is none, or one beyond loopback without a certificate.
result<server::listen_address> address_of(const console_arguments& options) {
  auto out = server::parse_address(options.listen);
  if (!out) return fail(std::move(out.error()).at("--listen"));
  if (!out->ip.is_loopback() && options.tls_cert.empty())
    return fail(error_code::invalid_input,
                fmt::format("--listen {} is beyond loopback, where viewers send tokens of the cluster, which need TLS: "
                            "add --tls-cert FILE --tls-key FILE, or listen on 127.0.0.1 and use kubectl port-forward",
                            options.listen));
  return out;
}

// How registries are asked, one call after the other.
result<console::registry_lookups> lookups_of(const cluster_arguments& options, const config::settings& s,
                                             const environment& variables) {
  auto opened = access::registry_digests::open(s, variables);
  if (!opened) return fail(std::move(opened.error()));
  const std::shared_ptr<access::registry_digests> digests = std::move(*opened);
  console::registry_lookups to;
  to.lookup = [digests](const std::vector<registry::reference>& refs) { return digests->find_manifests(refs); };
  to.prove = [digests](const std::vector<rules::proof_request>& requests) { return digests->prove(requests); };
  if (options.reads_pull_secrets)
    to.secrets = console::secret_lookup{.namespaces = s.pull_secrets.namespaces,
                                        .own = digests->connection().access.own_credentials(),
                                        .use = [digests](std::shared_ptr<registry::credential_source> all) {
                                          digests->use_credentials(std::move(all));
                                        }};
  return to;
}

result<void> take_lookups(console::registry_options& to, const cluster_arguments& options, const config::settings& s,
                          const environment& variables) {
  auto answering = lookups_of(options, s, variables);
  if (!answering) return fail(std::move(answering.error()));
  static_cast<console::registry_lookups&>(to) = *std::move(answering);
  auto others = lookups_of(options, s, variables);
  if (!others) return fail(std::move(others.error()));
  to.others = *std::move(others);
  return {};
}

// The ConfigMap that is written, and how far back.
result<void> take_moves(console::console_options& to, const cluster_arguments& options, const rules::rule_set& rules) {
  to.engine.rules = rules;
  if (options.moves_configmap.empty()) return {};
  if (auto ok = check_moves_options(options, rules); !ok) return ok;
  auto name = access::file_object_name::parse(false, options.moves_configmap);
  if (!name) return fail(std::move(name.error()).at("--moves-configmap"));
  name->manager = "pinhook-console";
  to.moves_configmap = std::move(*name);
  to.engine.moves_cooldown = options.cooldown ? *options.cooldown : *rules.longest_cooldown();
  return {};
}

result<console::console_options> options_of(const arguments& arguments, const config::settings& s,
                                            const environment& variables) {
  console::console_options out;
  auto listen = address_of(arguments.console);
  if (!listen) return fail(std::move(listen.error()));
  out.listen = *listen;
  if (!arguments.console.tls_cert.empty())
    out.certificate = server::pair_names{arguments.console.tls_cert, arguments.console.tls_key};
  const cluster_arguments& of_cluster = arguments.of_cluster;
  out.has_store = !of_cluster.store.empty();
  store::history_options kept;
  // The page must not wait for a report that writes; what is not stored now is stored later.
  kept.busy_timeout = std::chrono::milliseconds(2'000);
  if (of_cluster.retention) kept.retention = std::chrono::floor<std::chrono::hours>(*of_cluster.retention);
  auto opened = store::history::open(out.has_store ? of_cluster.store : in_memory, kept);
  if (!opened) {
    opened.error().code = error_code::invalid_input;
    return fail(std::move(opened.error()).at("--store"));
  }
  out.history = std::move(*opened);
  out.kinds = s.pin.kinds;
  const std::string file = arguments.configuration.file.empty() ? std::string(variable(variables, "PINHOOK_CONFIG"))
                                                                : arguments.configuration.file;
  out.engine.checks = pipeline::checks_with(s.rules, file);
  out.engine.format = s.pin.format;
  if (auto ok = take_moves(out, of_cluster, s.rules); !ok) return fail(std::move(ok.error()));
  out.engine.asks_registries = !of_cluster.no_registry;
  out.engine.shares_history = out.has_store;
  if (arguments.console.interval) out.registries.schedule.interval = *arguments.console.interval;
  if (of_cluster.no_registry) return out;
  out.engine.asks_verifiers = true;
  out.engine.reads_pull_secrets = of_cluster.reads_pull_secrets;
  if (auto ok = take_lookups(out.registries, of_cluster, s, variables); !ok) return fail(std::move(ok.error()));
  return out;
}

}  // namespace

int run_console(const arguments& arguments) {
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_run(console_name, s.error());
  cluster_arguments of_cluster = arguments.of_cluster;
  // A page is for the whole cluster; other commands take the namespace of the context.
  of_cluster.all_namespaces = of_cluster.namespaces.empty();
  auto options = options_of(arguments, *s, variables);
  if (!options) return refuse_console(options.error());
  log::configure({.least = s->log.level, .shape = s->log.format});
  auto session = cluster_session::open(of_cluster, *s, variables);
  if (!session) return refuse_console(session.error());
  options->engine.server = (*session)->server();
  options->engine.selector = (*session)->question().selector;
  options->namespaces = options->engine.namespaces = (*session)->question().namespaces;
  options->selector_text = of_cluster.selector;
  const std::shared_ptr<kube::api_connection> to(std::shared_ptr<void>(), &(*session)->connection());
  const auto has_served = serve_console((*session)->io(), std::move(*options), to, console_name);
  if (!has_served) return refuse_console(has_served.error());
  return *has_served ? exit_good : exit_failed;
}

}  // namespace pinhook::cli
