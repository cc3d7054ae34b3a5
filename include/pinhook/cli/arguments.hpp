// The command line as a value: which command, and its arguments.
//
// Plain values; any thread.
#pragma once

#include <pinhook/config/configuration_source.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

enum class command : std::uint8_t {
  help,
  version,
  serve,
  explain,
  demo,
  pin,
  unpin,
  check,
  lock,
  resolve,
  verify,
  fn,
  rules,
  report,
  console,
  adopt,
  trust,
  completion,
};

/// Arguments of pin, unpin, check, lock and resolve.
struct file_arguments {
  /// Files, directories, globs; "-" or none: standard input.
  std::vector<std::string> paths;
  /// pin, unpin: write the files themselves.
  bool in_place = false;
  /// pin, unpin: print the changes as a diff and write nothing.
  bool diff = false;
  /// pin, unpin: write the files that succeed although something failed.
  bool keep_going = false;
  /// pin, lock: resolve tags again in place of the digests that are pinned (locked) already.
  bool update = false;
  /// pin, lock, with `update`: how long a moved tag keeps the digest before; none: it is taken at once.
  std::optional<std::chrono::nanoseconds> cooldown;
  /// pin, lock, with `cooldown`: the store of reports, whose first sights count, too; empty: none.
  std::string store;
  /// lock: drop the images of the lock that the files do not use.
  bool prune = false;
  /// pin, check: "digest", "tag-and-digest"; empty: as configured.
  std::string format;
  /// pin, check: take digests from this lock file. lock: the file that is written. pin with `cooldown`: the lock file
  /// that remembers the digests of tags.
  std::string lock_file;
  /// pin, check, lock: do not contact registries.
  bool offline = false;
  /// check: list values that look like images and are not read, too.
  bool verbose = false;
  /// pin, unpin, check, lock, resolve, fn: print errors and results alone.
  bool quiet = false;
  /// check: compare pins with the digests that their tags have now.
  bool drift = false;
  /// check: notes, and paths without an image, fail, too.
  bool strict = false;
  /// check: "table", "json", "sarif", "junit", "github"; resolve: "text", "json"; verify: "table", "json".
  std::string output;
  /// pin, check, lock, fn: the namespace, for rules, of objects that name none; empty: unknown.
  std::string ns;
  /// lock: "pinhook", "kbld"; empty: the format of the existing file, else pinhook.
  std::string lock_format;
  /// resolve, verify: references.
  std::vector<std::string> references;
  /// resolve: "linux/arm64"; empty: the digest of the index.
  std::string platform;
};

/// Arguments of report.
struct cluster_arguments {
  /// Empty: that of the kubeconfig's context, unless `all_namespaces`.
  std::vector<std::string> namespaces;
  bool all_namespaces = false;
  /// As kubectl's -l.
  std::string selector;
  /// Paths and names; empty: as kubectl finds them.
  std::string kubeconfig;
  std::string context;
  /// report: "table", "json", "sarif", "html", "openreports".
  std::string output = "table";
  /// report: the file that remembers earlier reports; empty: none.
  std::string store;
  /// report, with `store`: how long it keeps what has ended, and how much of each kind; none: the defaults.
  std::optional<std::chrono::nanoseconds> retention;
  std::optional<std::int64_t> most_ended;
  /// report, adopt: read the pull secrets of the cluster's Pods for look-ups.
  bool reads_pull_secrets = false;
  /// report, with `store`: the file of moved tags that is written; empty: none.
  std::string moves_file;
  /// report, with `store`: the ConfigMap that gets that file as moves.yaml, "NAMESPACE/NAME"; empty: none.
  std::string moves_configmap;
  /// report: findings and look-ups that failed are no failure of the run.
  bool exits_zero = false;
  /// report, with `moves_file` or `moves_configmap`: how far back moves count; none: the longest cooldown of the rules.
  std::optional<std::chrono::nanoseconds> cooldown;
  /// report: ask no registry.
  bool no_registry = false;
  /// report: "enforce", "best-effort"; empty: nothing.
  std::string what_if;
  /// report: write the findings into the cluster as reports.
  bool writes_reports = false;
  bool quiet = false;

  [[nodiscard]] bool writes_moves() const { return !moves_file.empty() || !moves_configmap.empty(); }
};

/// Arguments of console, beside those of cluster_arguments.
struct console_arguments {
  std::string listen = "127.0.0.1:8088";
  /// PEM files; empty: plain HTTP.
  std::string tls_cert;
  std::string tls_key;
  /// Between two look-ups of a tag or digest; none: an hour.
  std::optional<std::chrono::nanoseconds> interval;
};

/// Arguments of verify: who may sign. The references and the output are among file_arguments.
struct verify_arguments {
  /// The name of a verifier of the configuration; empty: those that the other members describe, else all.
  std::string verifier;
  /// PEM files.
  std::vector<std::string> keys;
  std::string trusted_root;
  std::string identity;
  std::string identity_regexp;
  std::string issuer;
  std::string issuer_regexp;
  std::string trust_policy;
  std::string trust_store;
  /// The predicate type of an attestation that is wanted in place of a signature; empty: none.
  std::string attestation;
  /// RFC 3339; empty: now.
  std::string at;

  /// True when something but `verifier` says who may sign.
  [[nodiscard]] bool describes_verifier() const {
    for (const auto* one :
         {&trusted_root, &identity, &identity_regexp, &issuer, &issuer_regexp, &trust_policy, &trust_store})
      if (!one->empty()) return true;
    return !keys.empty();
  }
};

/// Arguments of adopt beside those of the cluster.
struct adopt_arguments {
  /// "deployment/web"; empty: all workloads of the namespaces.
  std::vector<std::string> names;
  /// "server": the API server checks each write and keeps none; empty: it keeps them.
  std::string dry_run;
  /// Write annotations that another field manager owns, too.
  bool forces_conflicts = false;
  /// Roll the adopted workloads out, one by one.
  bool restarts = false;
  /// With `restarts`, for each workload; none: the default.
  std::optional<std::chrono::nanoseconds> timeout;
};

/// Arguments of trust.
struct trust_arguments {
  /// "update".
  std::string action;
  /// The address of the TUF repository.
  std::string url;
  /// The root file with which trust begins; empty: the one that is stored.
  std::string root;
  /// Where the files go: a directory, or "NAMESPACE/NAME". One of the three.
  std::string out;
  std::string configmap;
  std::string secret;
  /// Paths in the repository; none: trusted_root.json.
  std::vector<std::string> targets;
};

struct arguments {
  cli::command command = cli::command::help;
  /// help: the name of a command; empty: the program.
  std::string topic;
  /// help: the directory that gets the manual pages; empty: help is printed.
  std::string manual_directory;
  /// serve: flags that set values.
  config::configuration_choice configuration;
  bool print_config = false;
  /// explain: the reference as typed.
  std::string reference;
  /// explain: the Pod of the credentials: its namespace, service account and imagePullSecrets.
  std::string ns;
  std::string service_account;
  std::vector<std::string> pull_secrets;
  /// explain: list the known kinds; there is no reference then.
  bool lists_kinds = false;
  /// explain: the directory with a node's files; empty: those of the settings.
  std::string node_config;
  /// explain: contact the registry and its mirrors, too.
  bool tries = false;
  /// explain: "text" or "json".
  std::string output = "text";
  /// demo: keep serving after the story.
  bool stays = false;
  /// demo: the console on made-up objects, in place of the story.
  bool shows_console = false;
  file_arguments files;
  cluster_arguments of_cluster;
  verify_arguments verify;
  console_arguments console;
  adopt_arguments adopt;
  trust_arguments trust;
  /// rules: the action ("test") and the file of cases.
  std::string rules_action;
  std::string rules_file;
  /// completion: "bash", "zsh", "fish".
  std::string shell;
};

}  // namespace pinhook::cli
