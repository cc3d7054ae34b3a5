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

void add_config(CLI::App& app, arguments& out) {
  app.add_option("--config", out.config_file, "YAML file with settings; also PINHOOK_CONFIG")->type_name("FILE");
}

void add_paths(CLI::App& app, arguments& out) {
  app.add_option("PATH", out.files.paths, "Files, directories, globs; - or nothing: standard input")->type_name("");
}

void add_format(CLI::App& app, arguments& out) {
  app.add_option("--format", out.files.format, "digest (tag in a comment) or tag-and-digest (default: pin.format)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"digest", "tag-and-digest"}));
}

void add_digests(CLI::App& app, arguments& out) {
  app.add_option("--lock", out.files.lock_file, "Take digests from this lock file; what it lacks is an error")
      ->type_name("FILE");
  app.add_flag("--offline", out.files.offline, "Ask no registry");
}

void add_output(CLI::App& app, arguments& out, const std::vector<std::string>& words) {
  out.files.output = words.front();
  app.add_option("-o,--output", out.files.output, fmt::format("{}", fmt::join(words, ", ")))
      ->type_name("FORMAT")
      ->check(CLI::IsMember(words));
}

void add_rewriting(CLI::App& app, arguments& out) {
  auto* in_place = app.add_flag("-i,--in-place", out.files.in_place, "Write the files themselves, whole or not at all");
  app.add_flag("--diff", out.files.diff, "Print what would change, and change nothing")->excludes(in_place);
  app.add_flag("--keep-going", out.files.keep_going, "Do what can be done although something failed");
}

void declare_pin(CLI::App& app, arguments& out) {
  add_paths(app, out);
  add_rewriting(app, out);
  app.add_flag("--update", out.files.update, "Move what is pinned to what its tags say now, too");
  add_format(app, out);
  add_digests(app, out);
  add_config(app, out);
}

void declare_unpin(CLI::App& app, arguments& out) {
  add_paths(app, out);
  add_rewriting(app, out);
  add_config(app, out);
}

void declare_check(CLI::App& app, arguments& out) {
  add_paths(app, out);
  app.add_flag("--drift", out.files.drift, "Compare pins with what their tags say now");
  add_output(app, out, {"table", "json", "sarif", "junit", "github"});
  add_format(app, out);
  add_digests(app, out);
  add_config(app, out);
}

void declare_lock(CLI::App& app, arguments& out) {
  add_paths(app, out);
  app.add_option("--file", out.files.lock_file, "The lock file (default pinhook.lock); - writes to standard output")
      ->type_name("FILE");
  app.add_option("--as", out.files.lock_format, "pinhook or kbld (default: as the file is)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"pinhook", "kbld"}));
  app.add_flag("--update", out.files.update, "Resolve what is locked already anew");
  app.add_flag("--offline", out.files.offline, "Ask no registry: fail when something is missing");
  add_config(app, out);
}

void declare_resolve(CLI::App& app, arguments& out) {
  app.add_option("REF", out.files.references, "References as a Pod's image says them")->required()->type_name("");
  app.add_option("--platform", out.files.platform, "The digest of one platform's manifest: linux/arm64")
      ->type_name("OS/ARCH");
  add_output(app, out, {"text", "json"});
  add_config(app, out);
}

void declare_fn(CLI::App& app, arguments& out) { add_config(app, out); }

void declare_completion(CLI::App& app, arguments& out) {
  app.add_option("SHELL", out.shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

void declare_version(CLI::App&, arguments&) {}

struct row {
  cli::command command;
  const char* name;
  const char* summary;
  void (*declare)(CLI::App&, arguments&);
};

constexpr std::array<row, 11> rows{{
    {command::serve, "serve", "Run the webhook", declare_serve},
    {command::pin, "pin", "Pin the images of files to digests", declare_pin},
    {command::unpin, "unpin", "Turn pins of files back into tags", declare_unpin},
    {command::check, "check", "Say which images of files are not pinned, have no tag, or moved", declare_check},
    {command::lock, "lock", "Write down which digests the images of files mean", declare_lock},
    {command::resolve, "resolve", "Print the digests of references", declare_resolve},
    {command::fn, "fn", "Pin as a KRM function: a ResourceList in, a ResourceList out", declare_fn},
    {command::explain, "explain", "Say how an image reference is understood, and how it would be asked for",
     declare_explain},
    {command::demo, "demo", "Show pinning from end to end in this process, without a cluster", declare_demo},
    {command::completion, "completion", "Print the completion script of a shell", declare_completion},
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
  CLI::App app("pinhook pins image tags to digests: of Kubernetes objects as a mutating admission webhook, and in files.",
               "pinhook");
  app.set_version_flag("--version", PINHOOK_VERSION);
  app.require_subcommand(0, 1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Subcommands", "Commands");
  app.footer("`pinhook COMMAND --help` tells more. Exit codes: 0 good, 1 findings or failed, 2 wrong usage or input, 3 a look-up failed.");
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
  // Not when it is declared: every command's flags are, and `pin` has a --lock without a default.
  if (out.command == command::lock && out.files.lock_file.empty()) out.files.lock_file = "pinhook.lock";
  if (out.command == command::help) {
    if (words.empty())
      return fail(error_code::invalid_input,
                  "say a command, for example serve, pin or check; `pinhook --help` tells more");
    out.help = app.help();
  }
  return out;
}

}  // namespace pinhook::cli
