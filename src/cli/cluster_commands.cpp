#include <pinhook/cli/cluster_commands.hpp>

#include <pinhook/cli/option_parts.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <chrono>
#include <cstdint>
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

}  // namespace

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

void declare_explain(CLI::App& app, arguments& out) {
  CLI::Option* ref = app.add_option("REF", out.reference, "The reference, as in a Pod's image")->type_name("");
  app.add_flag("--kinds", out.lists_kinds, "Print which kinds hold images, where, and which are sent; without a REF");
  app.callback([&out, ref] {
    if (out.lists_kinds && ref->count() != 0) throw CLI::ExcludesError("--kinds", "REF");
    if (!out.lists_kinds && ref->count() == 0) throw CLI::RequiredError("REF");
  });
  one_namespace(app.add_option("-n,--namespace", out.ns, "As a Pod of this namespace: read its pull secrets"));
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

}  // namespace pinhook::cli
