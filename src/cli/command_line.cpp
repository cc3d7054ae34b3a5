#include <pinhook/cli/command_line.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/cli/option_parts.hpp>
#include <pinhook/kube/names.hpp>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>

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

std::string namespace_fault(const std::string& name) {
  return kube::is_namespace_name(name) ? std::string()
                                       : fmt::format("{} is not a valid name of a namespace", quoted(name));
}

void add_paths(CLI::App& app, arguments& out) {
  app.add_option("PATH", out.files.paths, "Files, directories, globs; - or nothing: standard input")->type_name("");
}

void add_namespace(CLI::App& app, arguments& out) {
  app.add_option("-n,--namespace", out.files.ns, "The namespace of objects that name none, for rules that ask for it")
      ->type_name("NS")
      ->check(namespace_fault);
}

void add_format(CLI::App& app, arguments& out) {
  one_of(app.add_option("--format", out.files.format, "By digest with the tag in a comment, or both in the reference"),
         {"digest", "tag-and-digest"});
}

void add_digests(CLI::App& app, arguments& out) {
  app.add_option("--lock", out.files.lock_file, "Take digests from this lock file; a missing image is an error")
      ->type_name("FILE");
  app.add_flag("--offline", out.files.offline, "Ask no registry");
}

void add_sights(CLI::App& app, arguments& out) {
  app.add_option(
         "--store", out.files.store,
         "With --cooldown: what `pinhook report --store` has seen counts, too, not this lock file's sights alone")
      ->type_name("FILE");
}

void add_quiet(CLI::App& app, arguments& out) {
  app.add_flag("-q,--quiet", out.files.quiet, "Print errors and results alone");
}

void add_rewriting(CLI::App& app, arguments& out) {
  app.add_flag("-i,--in-place", out.files.in_place,
               "Write the files themselves: all or none, and none that was changed meanwhile");
  app.add_flag("--diff", out.files.diff, "Print the changes as a diff, and write nothing");
  app.add_flag("--keep-going", out.files.keep_going, "Write the files that succeed although something failed");
}

void declare_serve(CLI::App& app, arguments& out) {
  add_config(app, out);
  for (const auto& flag : serve_flags) {
    app.add_option_function<std::string>(
           flag.name,
           [&out, flag](const std::string& text) { out.configuration.flags.push_back({flag.name, flag.key, text}); },
           flag.help)
        ->type_name(flag.value);
  }
  app.add_flag("--print-config", out.print_config, "Print the settings in effect as YAML, and exit");
}

void declare_explain(CLI::App& app, arguments& out) {
  CLI::Option* ref = app.add_option("REF", out.reference, "The reference, as in a Pod's image")->type_name("");
  app.add_flag("--kinds", out.lists_kinds, "Print which kinds hold images, where, and which are sent; without a REF");
  app.callback([&out, ref] {
    if (out.lists_kinds && ref->count() != 0) throw CLI::ExcludesError("--kinds", "REF");
    if (!out.lists_kinds && ref->count() == 0) throw CLI::RequiredError("REF");
  });
  app.add_option("-n,--namespace", out.ns, "As a Pod of this namespace: read its pull secrets")
      ->type_name("NS")
      ->check(namespace_fault);
  app.add_option("--service-account", out.service_account, "As a Pod of this service account (default: default)")
      ->type_name("SA");
  app.add_option("--node-config", out.node_config, "As a node with these files: its /etc, or a copy of that")
      ->type_name("DIR");
  // One value for each option, since REF may follow it.
  app.add_option("--pull-secret", out.pull_secrets, "As a Pod with this imagePullSecret; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_flag("--try", out.tries, "Ask every mirror and the registry, with every credential, and print each answer");
  add_config(app, out);
  one_of(app.add_option("-o,--output", out.output, "How to print it"), {"text", "json"});
}

void declare_demo(CLI::App& app, arguments& out) {
  auto* serve = app.add_flag("--serve", out.stays, "Stay up afterwards and print a curl command to try");
  app.add_flag("--console", out.shows_console, "Show the console on made-up objects instead, until Ctrl-C")
      ->excludes(serve);
}

void declare_pin(CLI::App& app, arguments& out) {
  add_paths(app, out);
  add_rewriting(app, out);
  app.add_flag("--update", out.files.update, "Resolve the tags of pinned images again, too");
  add_cooldown(app, out.files.cooldown,
               "With --update: a moved tag keeps its digest until the new one was seen for so long (72h); the lock "
               "file (--lock, else pinhook.lock) remembers it");
  add_sights(app, out);
  add_format(app, out);
  add_digests(app, out);
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_unpin(CLI::App& app, arguments& out) {
  add_paths(app, out);
  add_rewriting(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_check(CLI::App& app, arguments& out) {
  add_paths(app, out);
  app.add_flag("--drift", out.files.drift, "Compare pins with the digests that their tags have now");
  app.add_flag("-v,--verbose", out.files.verbose, "List values that look like images and are not read, too");
  app.add_flag(
      "--strict", out.files.strict,
      "Fail for notes, for values that look like images and are not read, and for a PATH without an image, too");
  one_of(app.add_option("-o,--output", out.files.output, "How to print the findings"),
         {"table", "json", "sarif", "junit", "github"});
  add_format(app, out);
  add_digests(app, out);
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_lock(CLI::App& app, arguments& out) {
  add_paths(app, out);
  app.add_option("--file", out.files.lock_file, "The lock file (default pinhook.lock); - for standard output")
      ->type_name("FILE");
  one_of(app.add_option("--as", out.files.lock_format, "Its format (default: as the file is, else pinhook)"),
         {"pinhook", "kbld"});
  app.add_flag("--update", out.files.update, "Resolve again what is locked already");
  add_cooldown(app, out.files.cooldown,
               "With --update: a moved tag keeps its digest until the new one was seen for so long (72h)");
  add_sights(app, out);
  app.add_flag("--prune", out.files.prune, "Drop what is locked and not in these files");
  app.add_flag("--keep-going", out.files.keep_going, "Write what succeeds although something failed");
  app.add_flag("--offline", out.files.offline, "Ask no registry: fail when something is missing");
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_resolve(CLI::App& app, arguments& out) {
  app.add_option("REF", out.files.references, "References, as in a Pod's image; - reads more from standard input")
      ->required()
      ->type_name("");
  app.add_option("--platform", out.files.platform, "The digest of one platform's manifest: linux/arm64")
      ->type_name("OS/ARCH");
  one_of(app.add_option("-o,--output", out.files.output, "How to print them"), {"text", "json"});
  add_quiet(app, out);
  add_config(app, out);
}

void declare_verify(CLI::App& app, arguments& out) {
  verify_arguments& to = out.verify;
  app.add_option("REF", out.files.references, "References, as in a Pod's image; - reads more from standard input")
      ->required()
      ->type_name("");
  const auto text = [&](const char* name, std::string& into, const char* type, const char* help) {
    app.add_option(name, into, help)->type_name(type);
  };
  text("--verifier", to.verifier, "NAME", "A verifier of the configuration (default: each of them)");
  // One value for each option, since REF may follow it.
  app.add_option("--key", to.keys, "PEM file with the public key of a signer; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  text("--trusted-root", to.trusted_root, "FILE",
       "Sigstore's trusted_root.json: whose certificates and logs are believed");
  text("--identity", to.identity, "NAME", "The signer in the certificate: an e-mail address or URI");
  text("--identity-regexp", to.identity_regexp, "REGEXP", "The same by a regular expression for the whole text");
  text("--issuer", to.issuer, "URL", "The OIDC issuer in the certificate");
  text("--issuer-regexp", to.issuer_regexp, "REGEXP", "The same by a regular expression for the whole text");
  text("--trust-policy", to.trust_policy, "FILE", "Notation's trustpolicy.json");
  text("--trust-store", to.trust_store, "DIR", "Notation's directory truststore");
  text("--attestation", to.attestation, "TYPE",
       "Ask for an attestation of this predicate type in place of a signature");
  text("--at", to.at, "TIME", "Verify as at this moment, as 2026-11-21T02:45:00Z (default: now)");
  one_of(app.add_option("-o,--output", out.files.output, "How to print it"), {"table", "json"});
  add_quiet(app, out);
  add_config(app, out);
}

void declare_fn(CLI::App& app, arguments& out) {
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_rules(CLI::App& app, arguments& out) {
  one_of(app.add_option("ACTION", out.rules_action, "What to do")->required(), {"test"});
  app.add_option("FILE", out.rules_file, "Images, where they are used, and the expected result of the rules")
      ->required()
      ->type_name("");
  add_config(app, out);
}

void declare_report(CLI::App& app, arguments& out) {
  add_cluster(app, out);
  app.add_flag("--no-registry", out.of_cluster.no_registry, "Ask no registry: nothing about moved and gone images");
  app.add_option("--store", out.of_cluster.store,
                 "Remember this report in an SQLite file, and show since when each finding is there and what moved")
      ->type_name("FILE");
  add_duration(app, "--retention", out.of_cluster.retention,
               "With --store: forget what ended so long ago, as 90d or 36h (default 400d)");
  app.add_option("--retention-count", out.of_cluster.most_ended,
                 "With --store: keep at most so many ended findings, images and moves, each (default 200000)")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}).description(""));
  app.add_option("--moves-file", out.of_cluster.moves_file,
                 "With --store: write the tags that moved within the cooldown, for the webhook's setting moves.file")
      ->type_name("FILE");
  app.add_option("--moves-configmap", out.of_cluster.moves_configmap,
                 "With --store: write them as moves.yaml into this ConfigMap of the cluster")
      ->type_name("NS/NAME");
  add_cooldown(
      app, out.of_cluster.cooldown,
      "With --moves-file or --moves-configmap: how far back moves count (default: the longest cooldown of the rules)");
  one_of(
      app.add_option("--what-if", out.of_cluster.what_if, "Show what this mode would do in namespaces that have none"),
      {"enforce", "best-effort"});
  one_of(app.add_option("-o,--output", out.of_cluster.output, "How to print the report"),
         {"table", "json", "sarif", "html", "openreports"});
  app.add_flag(
      "--write-reports", out.of_cluster.writes_reports,
      "Write the findings into the cluster, too: a Report of OpenReports, else a PolicyReport, in each namespace");
  app.add_flag("--exit-zero", out.of_cluster.exits_zero,
               "Exit with 0 in spite of findings and of what could not be looked up: for schedules");
  app.add_flag("-q,--quiet", out.of_cluster.quiet, "Print errors and results alone");
  add_config(app, out);
}

void declare_console(CLI::App& app, arguments& out) {
  app.add_option("--listen", out.console.listen,
                 "Where browsers reach it (default 127.0.0.1:8088); beyond loopback it wants a token and a certificate")
      ->type_name("ADDR:PORT");
  app.add_option("--tls-cert", out.console.tls_cert, "PEM file with the certificate and its chain")->type_name("FILE");
  app.add_option("--tls-key", out.console.tls_key, "PEM file with the certificate's key")->type_name("FILE");
  add_scope(app, out, "A namespace; may be repeated (default: all)");
  add_kubeconfig(app, out);
  app.add_flag("--no-registry", out.of_cluster.no_registry, "Ask no registry: nothing about moved and gone images");
  add_pull_secrets(app, out);
  add_duration(app, "--interval", out.console.interval,
               "How often registries are asked for each tag and digest in use (default 1h)");
  app.add_option("--store", out.of_cluster.store,
                 "Keep the history in an SQLite file, also one of `pinhook report` (default: in memory)")
      ->type_name("FILE");
  add_duration(app, "--retention", out.of_cluster.retention,
               "With --store: forget what ended so long ago, as 90d or 36h (default 400d)");
  app.add_option("--moves-configmap", out.of_cluster.moves_configmap,
                 "With --store: keep the tags that moved within the cooldown as moves.yaml in this ConfigMap, for the "
                 "webhook's setting moves.file")
      ->type_name("NS/NAME");
  add_cooldown(app, out.of_cluster.cooldown,
               "With --moves-configmap: how far back moves count (default: the longest cooldown of the rules)");
  add_config(app, out);
}

void declare_adopt(CLI::App& app, arguments& out) {
  app.add_option("WORKLOAD", out.adopt.names, "Workloads, as deployment/web (default: all)")->type_name("");
  add_cluster(app, out);
  one_of(app.add_option("--dry-run", out.adopt.dry_run, "Let the API server check the writes, and keep none"),
         {"server"});
  app.add_flag("--force-conflicts", out.adopt.forces_conflicts,
               "Write the annotation also where another field manager owns it");
  app.add_flag("--restart", out.adopt.restarts,
               "Then restart the workloads that are recorded, one by one, and wait until the Pods of each are ready");
  add_duration(app, "--timeout", out.adopt.timeout, "With --restart: how long each workload may take (default 10m)");
  one_of(app.add_option("-o,--output", out.of_cluster.output, "How to print what was done"), {"table", "json"});
  app.add_flag("-q,--quiet", out.of_cluster.quiet, "Print errors and results alone");
  add_config(app, out);
}

void declare_trust(CLI::App& app, arguments& out) {
  trust_arguments& to = out.trust;
  one_of(app.add_option("ACTION", to.action, "What to do")->required(), {"update"});
  app.add_option("--tuf-url", to.url, "The repository: https://tuf-repo-cdn.sigstore.dev, or a mirror")
      ->required()
      ->type_name("URL");
  app.add_option("--root", to.root, "The root.json with which trust begins; later updates go on from the stored one")
      ->type_name("FILE");
  // One value for each option, since ACTION may follow it.
  app.add_option("--target", to.targets, "A file of the repository; may be repeated (default: trusted_root.json)")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_option("--out", to.out, "Keep the files in this directory")->type_name("DIR");
  app.add_option("--configmap", to.configmap, "Keep them in a ConfigMap")->type_name("NS/NAME");
  app.add_option("--secret", to.secret, "Keep them in a Secret")->type_name("NS/NAME");
  add_kubeconfig(app, out);
  app.add_flag("-q,--quiet", out.of_cluster.quiet, "Print errors and results alone");
  add_config(app, out);
}

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
