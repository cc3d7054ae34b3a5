#include <pinhook/cli/option_parts.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/kube/names.hpp>
#include <pinhook/rules/rule_values.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace pinhook::cli {
namespace {

// "90d", which Go's form has not, or as Go has it.
result<std::chrono::nanoseconds> parse_span(std::string_view text) {
  if (!text.ends_with('d')) return parse_duration(text);
  const auto hours = parse_duration(std::string(text.substr(0, text.size() - 1)) + "h");
  constexpr int most_days = 36'500, hours_of_day = 24;
  if (!hours || *hours > std::chrono::hours(most_days))
    return fail(error_code::invalid_input, fmt::format("{} is not a duration; write it like 90d or 36h", quoted(text)));
  return *hours * hours_of_day;
}

}  // namespace

CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& values) {
  return option->type_name(fmt::format("{}", fmt::join(values, std::string(1, between_values))))
      ->check(CLI::IsMember(values).description(""));
}

CLI::Option* one_namespace(CLI::Option* option) {
  return option->type_name("NS")->check([](const std::string& name) {
    return kube::is_namespace_name(name) ? std::string()
                                         : fmt::format("{} is not a valid name of a namespace", quoted(name));
  });
}

void add_config(CLI::App& app, arguments& out) {
  app.add_option("--config", out.configuration.file, "YAML file with settings; also PINHOOK_CONFIG")->type_name("FILE");
}

void add_duration(CLI::App& app, const char* name, std::optional<std::chrono::nanoseconds>& to, const char* help) {
  app.add_option_function<std::string>(
         name,
         [&to, name](const std::string& text) {
           const auto length = parse_span(text);
           if (!length) throw CLI::ValidationError(name, length.error().message);
           to = *length;
         },
         help)
      ->type_name("DURATION");
}

void add_cooldown(CLI::App& app, std::optional<std::chrono::nanoseconds>& into, const char* help) {
  app.add_option_function<std::string>(
         "--cooldown",
         [&into](const std::string& text) {
           const auto length = rules::parse_cooldown(text);
           if (!length) throw CLI::ValidationError("--cooldown", length.error().message);
           into = *length;
         },
         help)
      ->type_name("DURATION");
}

void add_kubeconfig(CLI::App& app, arguments& out) {
  app.add_option("--kubeconfig", out.of_cluster.kubeconfig,
                 "Kubeconfig (default: KUBECONFIG, ~/.kube/config, or the cluster it runs in)")
      ->type_name("FILE");
  app.add_option("--context", out.of_cluster.context, "Context of the kubeconfig (default: the current one)")
      ->type_name("NAME");
}

void add_scope(CLI::App& app, arguments& out, const char* namespace_help) {
  // One value for each option: words may follow it.
  app.add_option("-n,--namespace", out.of_cluster.namespaces, namespace_help)->type_name("NS")->allow_extra_args(false);
  app.add_option("-l,--selector", out.of_cluster.selector,
                 "Workloads with these labels, as kubectl's -l: app=web,!canary")
      ->type_name("SELECTOR");
}

void add_pull_secrets(CLI::App& app, arguments& out) {
  app.add_flag("--pull-secrets", out.of_cluster.reads_pull_secrets,
               "Ask registries for each image with the pull secrets of its Pods, too, as the webhook does");
}

void add_cluster(CLI::App& app, arguments& out) {
  add_scope(app, out, "A namespace; may be repeated (default: that of the kubeconfig's context)");
  app.add_flag("-A,--all-namespaces", out.of_cluster.all_namespaces, "All namespaces");
  add_kubeconfig(app, out);
  add_pull_secrets(app, out);
}

}  // namespace pinhook::cli
