#include <pinhook/cli/args.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinhook::cli {
namespace {

struct serve_flag {
  const char* name;
  const char* key;
  const char* value;
  const char* help;
};

// The settings that have a flag of their own.
constexpr std::array<serve_flag, 5> serve_flags{{
    {"--listen", "listen", "ADDR:PORT", "Where API servers reach the webhook (default 0.0.0.0:8443)"},
    {"--admin-listen", "admin.listen", "ADDR:PORT", "Where /livez, /readyz, /metrics are (default 0.0.0.0:9090)"},
    {"--tls-cert", "tls.cert_file", "FILE", "PEM file with the server's certificate and chain"},
    {"--tls-key", "tls.key_file", "FILE", "PEM file with the certificate's key"},
    {"--threads", "threads", "N", "Threads that serve requests (default: the cores it may use)"},
}};

void declare_serve(CLI::App& app, arguments& out) {
  app.add_option("--config", out.config_file, "YAML file with settings; also PINHOOK_CONFIG")->type_name("FILE");
  for (const auto& flag : serve_flags) {
    app.add_option_function<std::string>(
           flag.name, [&out, flag](const std::string& text) { out.flags.push_back({flag.name, flag.key, text}); },
           flag.help)
        ->type_name(flag.value);
  }
  app.add_flag("--print-config", out.print_config, "Print the settings in effect as YAML, and exit");
  app.footer(
      "Settings come from the file, then PINHOOK_… variables, then flags; the later wins.\n"
      "SIGTERM ends it in good order: unready, no new connections, answers under way, exit 0.");
}

void declare_explain(CLI::App& app, arguments& out) {
  app.add_option("REF", out.reference, "The reference as a Pod's image says it")->required()->type_name("");
  app.add_option("-n,--namespace", out.ns, "As a Pod of this namespace: read its pull secrets")->type_name("NS");
  app.add_option("--service-account", out.service_account, "As a Pod of this service account (default: default)")
      ->type_name("SA");
  app.add_option("--pull-secret", out.pull_secrets, "As a Pod with this imagePullSecret; may be repeated")
      ->type_name("NAME");
  app.add_flag("--try", out.tries,
               "Ask every mirror and the registry, with every credential, and say what each answered");
  app.add_option("--config", out.config_file, "YAML file with settings; also PINHOOK_CONFIG")->type_name("FILE");
  app.add_option("-o,--output", out.output, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
}

void declare_demo(CLI::App& app, arguments& out) {
  app.add_flag("--serve", out.stays, "Stay up afterwards and print a curl command to try");
}

void declare_version(CLI::App&, arguments&) {}

struct row {
  cli::command command;
  const char* name;
  const char* summary;
  void (*declare)(CLI::App&, arguments&);
};

constexpr std::array<row, 4> rows{{
    {command::serve, "serve", "Run the webhook", declare_serve},
    {command::explain, "explain", "Say how an image reference is understood, and how it would be asked for",
     declare_explain},
    {command::demo, "demo", "Show pinning from end to end in this process, without a cluster", declare_demo},
    {command::version, "version", "Print the version", declare_version},
}};

// CLI11 throws for help as for errors; its message for an unknown word names no command, so it gets the list.
std::string reason_of(const CLI::ParseError& e) {
  std::string text = e.what();
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

}  // namespace

result<arguments> parse_arguments(const std::vector<std::string>& words) {
  arguments out;
  CLI::App app("pinhook pins the image tags of Kubernetes objects to digests, as a mutating admission webhook.",
               "pinhook");
  app.set_version_flag("--version", PINHOOK_VERSION);
  app.require_subcommand(0, 1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Subcommands", "Commands");
  app.footer("`pinhook COMMAND --help` tells more. Exit codes: 0 good, 1 failed, 2 wrong usage or input.");
  std::vector<std::pair<CLI::App*, const row*>> commands;
  for (const auto& one : rows) {
    CLI::App* sub = app.add_subcommand(one.name, one.summary);
    one.declare(*sub, out);
    commands.emplace_back(sub, &one);
  }
  const auto chosen = [&]() -> CLI::App* {
    for (const auto& [sub, one] : commands)
      if (sub->parsed()) return sub;
    return nullptr;
  };
  try {
    // CLI11 takes the words from the back.
    std::vector<std::string> backwards(words.rbegin(), words.rend());
    app.parse(std::move(backwards));
  } catch (const CLI::CallForHelp&) {
    const auto* sub = chosen();
    out.command = command::help;
    out.help = sub == nullptr ? app.help() : sub->help("pinhook");
    return out;
  } catch (const CLI::CallForVersion&) {
    out.command = command::version;
    return out;
  } catch (const CLI::ParseError& e) {
    const auto* sub = chosen();
    return fail(error_code::invalid_input,
                fmt::format("{}; `pinhook{}{} --help` shows how it is used", reason_of(e), sub == nullptr ? "" : " ",
                            sub == nullptr ? "" : sub->get_name()));
  }
  for (const auto& [sub, one] : commands)
    if (sub->parsed()) out.command = one->command;
  if (out.command == command::help) {
    if (words.empty())
      return fail(error_code::invalid_input,
                  "say a command: serve, explain, demo or version; `pinhook --help` tells more");
    out.help = app.help();
  }
  return out;
}

}  // namespace pinhook::cli
