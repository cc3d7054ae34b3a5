#include <pinhook/cli/command_line.hpp>

#include <pinhook/cli/cluster_commands.hpp>
#include <pinhook/cli/file_commands.hpp>
#include <pinhook/cli/option_parts.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace pinhook::cli {
namespace {

void declare_completion(CLI::App& app, arguments& out) {
  one_of(app.add_option("SHELL", out.shell, "The shell")->required(), {"bash", "zsh", "fish"});
}

void declare_version(CLI::App&, arguments&) {}

void declare_help(CLI::App& app, arguments& out) {
  app.add_option("COMMAND", out.topic, "Its help; without one, that of the program")->type_name("");
  // For an installation; shown by no help.
  app.add_option("--man", out.manual_directory)->type_name("DIR")->group("");
}

struct row {
  cli::command command;
  const char* name;
  const char* group;
  const char* summary;
  void (*declare)(CLI::App&, arguments&);
};

constexpr const char* files = "Images in files";
constexpr const char* cluster = "Images in a cluster";
constexpr const char* others = "Others";

constexpr std::array<row, 18> rows{{
    {command::pin, "pin", files, "Pin the images of files to digests", declare_pin},
    {command::unpin, "unpin", files, "Turn pins of files back into tags", declare_unpin},
    {command::check, "check", files, "Report images in files that are not pinned, have no tag, or moved",
     declare_check},
    {command::lock, "lock", files, "Write the digests of the images in files to a lock file", declare_lock},
    {command::resolve, "resolve", files, "Print the digests of references", declare_resolve},
    {command::verify, "verify", files, "Verify who signed images, and say what holds of each signature",
     declare_verify},
    {command::fn, "fn", files, "Pin as a KRM function: a ResourceList in, a ResourceList out", declare_fn},
    {command::rules, "rules", files, "Test the rules of the configuration with a file of expected results",
     declare_rules},
    {command::serve, "serve", cluster, "Run the webhook", declare_serve},
    {command::report, "report", cluster, "Report the images that a cluster writes and runs", declare_report},
    {command::console, "console", cluster, "Show the images of a cluster on a page, live and with their history",
     declare_console},
    {command::adopt, "adopt", cluster, "Record the digests that workloads run, so that the next rollout keeps them",
     declare_adopt},
    {command::trust, "trust", cluster, "Update the trust roots of signatures from a TUF repository", declare_trust},
    {command::explain, "explain", cluster, "Explain how an image reference is understood and looked up",
     declare_explain},
    {command::demo, "demo", cluster, "Show pinning from end to end in this process, without a cluster", declare_demo},
    {command::completion, "completion", others, "Print the completion script of a shell", declare_completion},
    {command::version, "version", others, "Print the version", declare_version},
    {command::help, "help", others, "Print the help of the program or of a command", declare_help},
}};

described_option described(const CLI::Option& o) {
  described_option out;
  if (!o.get_snames().empty()) out.short_name = o.get_snames().front();
  if (!o.get_lnames().empty()) out.long_name = o.get_lnames().front();
  out.help = o.get_description();
  out.repeats = o.get_expected_max() > 1;
  out.is_required = o.get_required();
  if (o.get_items_expected_max() == 0) return out;
  const std::string type = o.get_type_name();
  out.value_name = o.get_positional() ? o.get_name(true, false) : type;
  out.kind = value_kind::free;
  // Values are in small letters, placeholders in capitals.
  if (type.find(between_values) != std::string::npos || (!type.empty() && type[0] >= 'a' && type[0] <= 'z')) {
    out.kind = value_kind::listed;
    out.values = CLI::detail::split(type, between_values);
    if (!o.get_positional()) out.value_name = "VALUE";
  } else if (type == "FILE" || out.value_name == "PATH" || out.value_name == "FILE") {
    out.kind = value_kind::file;
  }
  return out;
}

described_command described(const CLI::App& app, std::string name, std::string group) {
  described_command out{std::move(name), app.get_description(), std::move(group), {}};
  for (const bool is_word : {false, true})
    for (const CLI::Option* o : app.get_options(
             [&](const CLI::Option* x) { return x->get_positional() == is_word && !x->get_group().empty(); }))
      out.options.push_back(described(*o));
  return out;
}

}  // namespace

std::unique_ptr<CLI::App> declare_command_line(arguments& into, std::span<const std::string> words) {
  auto app = std::make_unique<CLI::App>(
      "pinhook pins image tags to digests: of Kubernetes objects as a mutating admission webhook, and in files.",
      "pinhook");
  app->set_help_flag("-h,--help", "Print this help");
  app->set_version_flag("-V,--version", PINHOOK_VERSION, "Print the version");
  app->require_subcommand(0, 1);
  for (const auto& one : rows) {
    CLI::App* sub = app->add_subcommand(one.name, one.summary)->group(one.group);
    if (words.empty() || std::ranges::find(words, one.name) != words.end()) one.declare(*sub, into);
  }
  return app;
}

command command_named(std::string_view name) {
  const auto* const found = std::ranges::find(rows, name, &row::name);
  return found == rows.end() ? command::help : found->command;
}

std::vector<described_command> describe_command_line() {
  arguments unused;
  const auto app = declare_command_line(unused);
  std::vector<described_command> out{described(*app, "", "")};
  for (const auto& one : rows) out.push_back(described(*app->get_subcommand(one.name), one.name, one.group));
  return out;
}

}  // namespace pinhook::cli
