#include <pinhook/cli/parse_arguments.hpp>

#include <pinhook/cli/command_line.hpp>
#include <pinhook/cli/command_notes.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/config/setting_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

arguments parsed(const std::vector<std::string>& words) {
  auto out = parse_arguments(words);
  if (!out) {
    ADD_FAILURE() << out.error().message;
    return {};
  }
  return *out;
}

std::string refusal(const std::vector<std::string>& words) {
  const auto out = parse_arguments(words);
  if (out) return {};
  EXPECT_EQ(out.error().code, error_code::invalid_input);
  EXPECT_EQ(out.error().message.find('\n'), std::string::npos) << out.error().message;
  return out.error().message;
}

TEST(Args, ReadsServe) {
  const auto a = parsed({"serve", "--config", "/c.yaml", "--listen", "127.0.0.1:0", "--admin-listen=[::1]:1",
                         "--tls-cert", "c", "--tls-key", "k", "--threads", "2", "--print-config"});
  EXPECT_EQ(a.command, command::serve);
  EXPECT_EQ(a.configuration.file, "/c.yaml");
  EXPECT_TRUE(a.print_config);
  ASSERT_EQ(a.configuration.flags.size(), 5U);
  for (const auto& flag : a.configuration.flags) EXPECT_NE(config::find_setting(flag.key), nullptr) << flag.name;
}

TEST(Args, ServeNeedsNoFlags) {
  const auto a = parsed({"serve"});
  EXPECT_EQ(a.command, command::serve);
  EXPECT_TRUE(a.configuration.flags.empty());
  EXPECT_FALSE(a.print_config);
}

TEST(Args, ReadsExplain) {
  const auto a = parsed({"explain", "nginx:1.25"});
  EXPECT_EQ(a.command, command::explain);
  EXPECT_EQ(a.reference, "nginx:1.25");
  EXPECT_EQ(a.output, "text");
  EXPECT_EQ(parsed({"explain", "-o", "json", "nginx"}).output, "json");
  EXPECT_EQ(parsed({"explain", "nginx", "--output=json"}).output, "json");
  EXPECT_EQ(parsed({"explain", ""}).reference, "");
  EXPECT_EQ(parsed({"explain", "--", "-docker/docker"}).reference, "-docker/docker");
  EXPECT_EQ(parsed({"explain", "[fc00::1]:5000/docker"}).reference, "[fc00::1]:5000/docker");
  EXPECT_EQ(parsed({"explain", "[a,b]"}).reference, "[a,b]");
}

TEST(Args, ReadsExplainOfKinds) {
  EXPECT_FALSE(parsed({"explain", "nginx"}).lists_kinds);
  EXPECT_TRUE(parsed({"explain", "--kinds"}).lists_kinds);
  EXPECT_EQ(parsed({"explain", "--kinds", "-o", "json"}).output, "json");
}

TEST(Args, TakesOneSecretAnOption) {
  const auto a = parsed({"explain", "-n", "web", "--pull-secret", "a", "--pull-secret", "b", "nginx"});
  EXPECT_EQ(a.pull_secrets, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(a.reference, "nginx");
}

TEST(Args, ReadsDemoAndVersion) {
  EXPECT_EQ(parsed({"demo"}).command, command::demo);
  EXPECT_FALSE(parsed({"demo"}).stays);
  EXPECT_TRUE(parsed({"demo", "--serve"}).stays);
  EXPECT_FALSE(parsed({"demo", "--serve"}).shows_console);
  EXPECT_TRUE(parsed({"demo", "--console"}).shows_console);
  EXPECT_EQ(parsed({"version"}).command, command::version);
  EXPECT_EQ(parsed({"--version"}).command, command::version);
  EXPECT_EQ(parsed({"-V"}).command, command::version);
}

// Each command with each of its options.
TEST(Args, ReadsTheCommandsForFiles) {
  struct row {
    std::vector<std::string> words;
    cli::command command;
    bool (*holds)(const arguments&);
  };
  const row rows[] = {
      {{"pin"}, command::pin, [](const arguments& a) { return a.files.paths.empty() && a.files.lock_file.empty(); }},
      {{"pin", "-"}, command::pin, [](const arguments& a) { return a.files.paths == std::vector<std::string>{"-"}; }},
      {{"pin", "a", "b c", "-"}, command::pin, [](const arguments& a) { return a.files.paths.size() == 3; }},
      {{"pin", "--", "-i"}, command::pin, [](const arguments& a) { return a.files.paths[0] == "-i"; }},
      {{"pin", "[a]*"}, command::pin, [](const arguments& a) { return a.files.paths[0] == "[a]*"; }},
      {{"pin", "[a,b]"},
       command::pin,
       [](const arguments& a) { return a.files.paths == std::vector<std::string>{"./[a,b]"}; }},
      {{"pin", "-i", "a"}, command::pin, [](const arguments& a) { return a.files.in_place; }},
      {{"pin", "a", "--in-place"}, command::pin, [](const arguments& a) { return a.files.in_place; }},
      {{"pin", "--diff"}, command::pin, [](const arguments& a) { return a.files.diff && !a.files.in_place; }},
      {{"pin", "--keep-going"}, command::pin, [](const arguments& a) { return a.files.keep_going; }},
      {{"pin", "--update"}, command::pin, [](const arguments& a) { return a.files.update; }},
      {{"pin", "--format", "digest"}, command::pin, [](const arguments& a) { return a.files.format == "digest"; }},
      {{"pin", "--format=tag-and-digest"},
       command::pin,
       [](const arguments& a) { return a.files.format == "tag-and-digest"; }},
      {{"pin", "--lock", "l", "a"},
       command::pin,
       [](const arguments& a) { return a.files.lock_file == "l" && a.files.paths.size() == 1; }},
      {{"pin", "--offline"}, command::pin, [](const arguments& a) { return a.files.offline; }},
      {{"pin", "--config", "c"}, command::pin, [](const arguments& a) { return a.configuration.file == "c"; }},
      {{"lock", "--keep-going"}, command::lock, [](const arguments& a) { return a.files.keep_going; }},
      {{"unpin", "a"}, command::unpin, [](const arguments& a) { return a.files.paths.size() == 1; }},
      {{"unpin", "-i", "a"}, command::unpin, [](const arguments& a) { return a.files.in_place; }},
      {{"unpin", "--diff", "--keep-going"},
       command::unpin,
       [](const arguments& a) { return a.files.diff && a.files.keep_going; }},
      {{"unpin", "--config", "c"}, command::unpin, [](const arguments& a) { return a.configuration.file == "c"; }},
      {{"check"}, command::check, [](const arguments& a) { return a.files.output == "table" && !a.files.drift; }},
      {{"check", "--drift", "a"}, command::check, [](const arguments& a) { return a.files.drift; }},
      {{"check", "-o", "sarif"}, command::check, [](const arguments& a) { return a.files.output == "sarif"; }},
      {{"check", "--output=github"}, command::check, [](const arguments& a) { return a.files.output == "github"; }},
      {{"check", "-o", "junit"}, command::check, [](const arguments& a) { return a.files.output == "junit"; }},
      {{"check", "-ojson"}, command::check, [](const arguments& a) { return a.files.output == "json"; }},
      {{"check", "--format", "digest"}, command::check, [](const arguments& a) { return a.files.format == "digest"; }},
      {{"check", "--lock", "l", "--offline"},
       command::check,
       [](const arguments& a) { return a.files.lock_file == "l" && a.files.offline; }},
      {{"check", "--offline", "--drift"}, command::check, [](const arguments& a) { return a.files.offline; }},
      {{"lock"},
       command::lock,
       [](const arguments& a) { return a.files.lock_file == "pinhook.lock" && a.files.lock_format.empty(); }},
      {{"lock", "--file", "-"}, command::lock, [](const arguments& a) { return a.files.lock_file == "-"; }},
      {{"lock", "--as", "kbld", "a"}, command::lock, [](const arguments& a) { return a.files.lock_format == "kbld"; }},
      {{"lock", "--as=pinhook"}, command::lock, [](const arguments& a) { return a.files.lock_format == "pinhook"; }},
      {{"lock", "--update", "a"}, command::lock, [](const arguments& a) { return a.files.update; }},
      {{"lock", "--update", "--cooldown", "72h"},
       command::lock,
       [](const arguments& a) { return a.files.cooldown == std::chrono::hours(72); }},
      {{"lock", "--update"}, command::lock, [](const arguments& a) { return !a.files.cooldown; }},
      {{"pin", "--update", "--cooldown=1h30m", "a"},
       command::pin,
       [](const arguments& a) {
         return a.files.cooldown == std::chrono::minutes(90) && a.files.lock_file == "pinhook.lock";
       }},
      {{"pin", "--update", "--cooldown", "1h", "--lock", "l"},
       command::pin,
       [](const arguments& a) { return a.files.lock_file == "l"; }},
      {{"lock", "--update", "--cooldown", "1h", "--store", "h.db"},
       command::lock,
       [](const arguments& a) { return a.files.store == "h.db" && a.of_cluster.store.empty(); }},
      {{"report", "--store", "h.db", "--moves-file", "m.yaml", "--cooldown", "72h"},
       command::report,
       [](const arguments& a) {
         return a.of_cluster.store == "h.db" && a.of_cluster.moves_file == "m.yaml" &&
                a.of_cluster.cooldown == std::chrono::hours(72) && !a.files.cooldown;
       }},
      {{"console", "--store", "h.db", "--moves-configmap", "pinhook/image-moves", "--cooldown", "72h"},
       command::console,
       [](const arguments& a) {
         return a.of_cluster.moves_configmap == "pinhook/image-moves" &&
                a.of_cluster.cooldown == std::chrono::hours(72);
       }},
      {{"console", "--pull-secrets"},
       command::console,
       [](const arguments& a) { return a.of_cluster.reads_pull_secrets && a.of_cluster.namespaces.empty(); }},
      {{"console", "-n", "shop", "-n", "lab", "-l", "app=web"},
       command::console,
       [](const arguments& a) {
         return a.of_cluster.namespaces == std::vector<std::string>{"shop", "lab"} &&
                a.of_cluster.selector == "app=web" && a.console.listen == "127.0.0.1:8088";
       }},
      {{"lock", "--offline"}, command::lock, [](const arguments& a) { return a.files.offline; }},
      {{"lock", "--prune", "a"}, command::lock, [](const arguments& a) { return a.files.prune; }},
      {{"lock"}, command::lock, [](const arguments& a) { return !a.files.prune; }},
      {{"resolve", "a", "b:1"},
       command::resolve,
       [](const arguments& a) { return a.files.references.size() == 2 && a.files.output == "text"; }},
      {{"resolve", "-o", "json", "a"}, command::resolve, [](const arguments& a) { return a.files.output == "json"; }},
      {{"resolve", "--platform", "linux/arm64", "a"},
       command::resolve,
       [](const arguments& a) { return a.files.platform == "linux/arm64"; }},
      {{"resolve", "[a,b]", "c"}, command::resolve, [](const arguments& a) { return a.files.references.size() == 2; }},
      {{"resolve", "-"}, command::resolve, [](const arguments& a) { return a.files.references[0] == "-"; }},
      {{"verify", "--key", "k", "--key", "l", "a", "b:1"},
       command::verify,
       [](const arguments& a) {
         return a.verify.keys.size() == 2 && a.files.references.size() == 2 && a.files.output == "table";
       }},
      {{"verify", "--verifier", "acme", "-o", "json", "--at", "2026-11-21T02:45:00Z", "a"},
       command::verify,
       [](const arguments& a) {
         return a.verify.verifier == "acme" && a.files.output == "json" && !a.verify.describes_verifier();
       }},
      {{"verify", "--trusted-root", "r", "--identity", "i", "--issuer-regexp", ".*", "a"},
       command::verify,
       [](const arguments& a) { return a.verify.identity == "i" && a.verify.issuer_regexp == ".*"; }},
      {{"verify", "--trust-policy", "p", "--trust-store", "s", "--attestation", "t", "a"},
       command::verify,
       [](const arguments& a) { return a.verify.trust_store == "s" && a.verify.attestation == "t"; }},
      {{"fn"}, command::fn, [](const arguments& a) { return a.configuration.file.empty(); }},
      {{"fn", "--config", "c"}, command::fn, [](const arguments& a) { return a.configuration.file == "c"; }},
      {{"completion", "zsh"}, command::completion, [](const arguments& a) { return a.shell == "zsh"; }},
  };
  for (const auto& row : rows) {
    const auto a = parsed(row.words);
    EXPECT_EQ(a.command, row.command) << ::testing::PrintToString(row.words);
    EXPECT_TRUE(row.holds(a)) << ::testing::PrintToString(row.words);
  }
}

TEST(Args, HelpIsForTheProgramOrOneCommand) {
  const struct {
    std::vector<std::string> words;
    const char* topic;
  } rows[] = {
      {{"--help"}, ""},
      {{"-h"}, ""},
      {{"help"}, ""},
      {{"help", "check"}, "check"},
      {{"serve", "--help"}, "serve"},
      {{"pin", "-h", "a"}, "pin"},
      {{"help", "help"}, "help"},
      {{"help", "--help"}, "help"},
  };
  for (const auto& row : rows) {
    const auto a = parsed(row.words);
    EXPECT_EQ(a.command, command::help) << ::testing::PrintToString(row.words);
    EXPECT_EQ(a.topic, row.topic) << ::testing::PrintToString(row.words);
  }
  EXPECT_EQ(parsed({"help", "--man", "/tmp/man"}).manual_directory, "/tmp/man");
}

TEST(Args, ReadsQuiet) {
  for (const char* name : {"pin", "unpin", "check", "lock", "fn"}) {
    EXPECT_TRUE(parsed({name, "-q"}).files.quiet) << name;
    EXPECT_TRUE(parsed({name, "--quiet"}).files.quiet) << name;
    EXPECT_FALSE(parsed({name}).files.quiet) << name;
  }
  EXPECT_TRUE(parsed({"resolve", "-q", "nginx"}).files.quiet);
}

TEST(Args, ReadsReport) {
  const auto r = parsed({"report", "-n", "shop", "-n", "web", "-l", "app in (a,b)", "--no-registry", "--what-if",
                         "enforce", "--kubeconfig", "k", "--context", "c", "-o", "json", "-q", "--config", "p.yaml"});
  EXPECT_EQ(r.command, command::report);
  const auto& o = r.of_cluster;
  EXPECT_EQ(o.namespaces, (std::vector<std::string>{"shop", "web"}));
  EXPECT_EQ(o.selector, "app in (a,b)");
  EXPECT_EQ(o.what_if, "enforce");
  EXPECT_EQ(o.kubeconfig, "k");
  EXPECT_EQ(o.context, "c");
  EXPECT_EQ(o.output, "json");
  EXPECT_TRUE(o.no_registry);
  EXPECT_TRUE(o.quiet);
  EXPECT_EQ(r.configuration.file, "p.yaml");
  EXPECT_TRUE(parsed({"report", "-A"}).of_cluster.all_namespaces);
  EXPECT_EQ(parsed({"report"}).of_cluster.output, "table");
  const auto moves = parsed({"report", "--store", "h", "--moves-configmap", "a/b", "--exit-zero"}).of_cluster;
  EXPECT_EQ(moves.moves_configmap, "a/b");
  EXPECT_TRUE(moves.exits_zero);
}

TEST(Args, ReadsAdopt) {
  const auto r = parsed({"adopt", "-n", "shop", "deployment/web", "sts/db", "--dry-run=server", "--force-conflicts",
                         "-o", "json", "-q", "--kubeconfig", "k"});
  EXPECT_EQ(r.command, command::adopt);
  EXPECT_EQ(r.of_cluster.namespaces, std::vector<std::string>{"shop"});
  EXPECT_EQ(r.adopt.names, (std::vector<std::string>{"deployment/web", "sts/db"}));
  EXPECT_EQ(r.adopt.dry_run, "server");
  EXPECT_TRUE(r.adopt.forces_conflicts);
  EXPECT_EQ(r.of_cluster.output, "json");
  EXPECT_TRUE(r.of_cluster.quiet);
  EXPECT_TRUE(parsed({"adopt", "-A"}).of_cluster.all_namespaces);
  const auto keeps = parsed({"report", "--store", "a.db", "--retention", "90d", "--retention-count", "5"});
  EXPECT_EQ(keeps.of_cluster.retention, std::chrono::hours(24 * 90));
  EXPECT_EQ(keeps.of_cluster.most_ended, 5);
  const auto restarts = parsed({"adopt", "-A", "--restart", "--timeout", "90s"});
  EXPECT_TRUE(restarts.adopt.restarts);
  EXPECT_EQ(restarts.adopt.timeout, std::chrono::seconds(90));
  EXPECT_EQ(parsed({"report", "--store", "h.db"}).of_cluster.store, "h.db");
}

TEST(Args, ReadsTrustUpdate) {
  const std::vector<std::string> words{"trust", "--target", "a.json", "update", "--tuf-url", "https://tuf.example"};
  auto all = words;
  all.insert(all.end(),
             {"--secret", "pinhook/trust", "--root", "r.json", "--target", "b.json", "--context", "c", "-q"});
  const auto r = parsed(all);
  EXPECT_EQ(r.command, command::trust);
  EXPECT_EQ(r.trust.action, "update");
  EXPECT_EQ(r.trust.url, "https://tuf.example");
  EXPECT_EQ(r.trust.secret, "pinhook/trust");
  EXPECT_EQ(r.trust.root, "r.json");
  EXPECT_EQ(r.trust.targets, (std::vector<std::string>{"a.json", "b.json"}));
  EXPECT_EQ(r.of_cluster.context, "c");
  EXPECT_TRUE(r.of_cluster.quiet);
  const auto plain = parsed({"trust", "update", "--tuf-url", "https://tuf.example", "--out", "d"});
  EXPECT_EQ(plain.trust.targets, std::vector<std::string>{"trusted_root.json"});
}

// The words of a shell's line, as far as the examples need: quotes, and the end of a command.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (word == "|" || word.starts_with('<') || word.starts_with('>')) break;
    // The description of an example follows two spaces behind it.
    if (word.empty()) break;
    if (word.starts_with('\'')) word = word.substr(1, word.size() - 2);
    if (word.ends_with(')')) word.remove_suffix(1);
    out.emplace_back(word);
  }
  return out;
}

TEST(Args, ReadsTheExamplesOfItsHelp) {
  constexpr std::string_view with_examples[] = {"pin",    "unpin",  "check",   "lock",       "resolve",
                                                "fn",     "rules",  "explain", "completion", "help",
                                                "report", "verify", "adopt",   "trust",      "console"};
  for (const auto& one : describe_command_line()) {
    if (one.name.empty()) continue;
    std::size_t examples = 0;
    const std::string notes = notes_of(command_named(one.name));
    std::istringstream in(notes);
    for (std::string line; std::getline(in, line);) {
      const auto at = line.find("pinhook " + one.name);
      if (!line.starts_with("  ") || at == std::string::npos) continue;
      ++examples;
      const auto parsed =
          parse_arguments(words_of(std::string_view(line).substr(at + std::string_view("pinhook ").size())));
      ASSERT_TRUE(parsed) << line << ": " << parsed.error().message;
      EXPECT_EQ(parsed->command, command_named(one.name)) << line;
    }
    EXPECT_EQ(examples != 0, notes.find("Examples:") != std::string::npos) << one.name;
    EXPECT_EQ(examples != 0, std::ranges::find(with_examples, one.name) != std::end(with_examples)) << one.name;
  }
}

TEST(Args, RefusesInOneLine) {
  const struct {
    std::vector<std::string> words;
    const char* part;
  } rows[] = {
      {{}, "a command is required"},
      {{"srve"}, "unknown command \"srve\"; did you mean serve? `pinhook --help`"},
      {{"chekc", "w", "--drift"}, "unknown command \"chekc\"; did you mean check?"},
      {{"help", "chekc"}, "unknown command \"chekc\"; did you mean check?"},
      {{"frobnicate"}, "unknown command \"frobnicate\"; `pinhook --help`"},
      {{"--config", "p.yaml", "check", "w"},
       "unknown flag \"--config\"; write it after the command (pin, unpin, check,"},
      {{"--verison"}, "unknown flag \"--verison\"; did you mean --version?"},
      {{"check", "--drfit", "w"}, "unknown flag \"--drfit\"; did you mean --drift? `pinhook check --help`"},
      {{"check", "--drfit=1"}, "unknown flag \"--drfit\"; did you mean --drift?"},
      {{"check", "--in-place"}, "unknown flag \"--in-place\"; it is a flag of pin, unpin"},
      {{"check", "--zzzzzz"}, "unknown flag \"--zzzzzz\"; `pinhook check --help`"},
      // The first fault that was typed.
      {{"demo", "one", "two"}, "unexpected argument \"one\""},
      {{"completion", "--shel", "bash"}, "unknown flag \"--shel\""},
      {{"resolve", "--plattform", "a"}, "unknown flag \"--plattform\"; did you mean --platform?"},
      {{"check", "--format", "tag", "--drfit"}, "--format: tag not in"},
      {{"check", "--drfit", "--format", "tag"}, "unknown flag \"--drfit\""},
      {{"check", "-o", "xml", "--drfit"}, "--output: xml not in"},
      {{"serve", "--port", "1"}, "--port"},
      {{"serve", "--listen"}, "--listen"},
      {{"serve", "extra"}, "extra"},
      {{"explain"}, "REF"},
      {{"explain", "a", "b"}, "b"},
      {{"explain", "a", "--kinds"}, "--kinds"},
      {{"explain", "a", "-o", "xml"}, "xml"},
      {{"demo", "--srve"}, "pinhook demo --help"},
      {{"pin", "-i"}, "--in-place needs a PATH"},
      {{"pin", "-i", "-"}, "--in-place cannot write standard input"},
      {{"pin", "-i", "a", "-"}, "pinhook pin --help"},
      {{"pin", "-i", "--diff", "a"}, "--in-place writes and --diff only shows"},
      {{"pin", "--format", "tag"}, "--format: tag not in {digest,tag-and-digest}"},
      {{"pin", "-n", "BAD NS"}, "--namespace: \"BAD NS\" is not a valid name of a namespace"},
      {{"check", "-n", ""}, "--namespace: \"\" is not a valid name of a namespace"},
      {{"lock", "--namespace=a.b"}, "--namespace: \"a.b\" is not a valid name of a namespace"},
      {{"fn", "-n", "A"}, "--namespace: \"A\" is not a valid name of a namespace"},
      {{"explain", "nginx", "-n", "a/b"}, "--namespace: \"a/b\" is not a valid name of a namespace"},
      {{"pin", "--update", "--cooldown"}, "--cooldown: a value is missing; write --cooldown DURATION"},
      {{"help", "--man"}, "--man: a value is missing; write --man DIR; `pinhook help --help`"},
      {{"trust", "updat"}, "ACTION: updat not in {update}; did you mean update? `pinhook trust --help`"},
      {{"rules", "tset", "a"}, "ACTION: tset not in {test}; did you mean test?"},
      {{"check", "-o", "sarf"}, "did you mean sarif?"},
      {{"adopt", "--dry-run"}, "--dry-run: a value is missing; write --dry-run server"},
      {{"pin", "--format"}, "--format"},
      {{"pin", "--drift"}, "--drift"},
      {{"report", "-A", "-n", "shop"}, "--all-namespaces and --namespace exclude each other"},
      {{"report", "-o", "junit"}, "--output: junit not in"},
      {{"report", "--what-if", "audit"}, "--what-if: audit not in"},
      {{"report", "Deployment/web"}, "unexpected argument"},
      {{"adopt", "--dry-run=client"}, "--dry-run: client not in"},
      {{"report", "--retention=90d"}, "--retention and --retention-count are for what --store remembers"},
      {{"report", "--store=a", "--retention=5m"}, "--retention must be an hour at least"},
      {{"report", "--store=a", "--retention=90y"}, "--retention: "},
      {{"report", "--store=a", "--retention=99999999d"}, "write it like 90d or 36h"},
      {{"report", "--store=a", "--retention-count=0"}, "--retention-count: "},
      {{"report", "--pull-secrets", "--no-registry"}, "--pull-secrets is for registries"},
      {{"report", "--write-reports", "-l", "app=web"}, "--write-reports writes what holds of whole namespaces"},
      {{"adopt", "--restart", "--dry-run=server"}, "--restart restarts workloads and --dry-run keeps nothing"},
      {{"adopt", "--timeout=5m"}, "--timeout is for the wait after a restart: add --restart"},
      {{"adopt", "--restart", "--timeout=5"}, "--timeout: "},
      {{"console", "--moves-configmap", "a/b"}, "add --store FILE"},
      {{"console", "--moves-configmap", "a/b", "--store", "h.db", "--no-registry"}, "--no-registry asks nobody"},
      {{"adopt", "-A", "-n", "shop"}, "--all-namespaces and --namespace exclude each other"},
      {{"trust", "update", "--tuf-url", "u"}, "the files need one place: one of --out, --configmap and --secret"},
      {{"trust", "update", "--tuf-url", "u", "--out", "d", "--secret", "a/b"}, "the files need one place"},
      {{"trust", "update", "--out", "d"}, "--tuf-url is required"},
      {{"trust", "--tuf-url", "u", "--out", "d"}, "ACTION is required"},
      {{"trust", "renew", "--tuf-url", "u", "--out", "d"}, "ACTION: renew not in {update}"},
      {{"unpin", "-i"}, "--in-place needs a PATH"},
      {{"unpin", "-i", "-"}, "pinhook unpin --help"},
      {{"unpin", "--diff", "-i", "a"}, "use one of them"},
      {{"unpin", "--update"}, "--update"},
      {{"check", "-o", "xml"}, "xml not in {table,json,sarif,junit,github}"},
      {{"check", "-i", "a"}, "-i"},
      {{"lock", "--update", "--offline"}, "--update asks registries and --offline forbids it"},
      {{"lock", "--as", "carvel"}, "carvel"},
      {{"lock", "--cooldown", "72h"}, "--cooldown is for moved tags, which only --update takes: add --update"},
      {{"pin", "--cooldown", "72h"}, "add --update"},
      {{"pin", "--update", "--offline", "--cooldown", "72h"}, "--cooldown asks registries"},
      {{"lock", "--update", "--cooldown", "3d"}, "--cooldown: \"3d\" is not a duration; write 72h or 30m"},
      {{"lock", "--update", "--cooldown", "72"}, "\"72\" is not a duration"},
      {{"lock", "--update", "--cooldown", "-1h"}, "is not a duration"},
      {{"lock", "--update", "--cooldown", "9000h"}, "\"9000h\" is too long; at most 8760h (a year)"},
      {{"lock", "--update", "--store", "h.db"}, "which --cooldown goes by: add --update --cooldown 72h"},
      {{"report", "--moves-file", "m"},
       "--moves-file and --moves-configmap are made of what earlier reports saw, which a store remembers: add"},
      {{"report", "--moves-configmap", "a/b"}, "which a store remembers: add --store FILE"},
      {{"report", "--store", "h", "--moves-file", "m", "--no-registry"}, "--no-registry asks nobody: use one of them"},
      {{"report", "--store", "h", "--cooldown", "2h"}, "--cooldown says which moves are written: add --moves-file"},
      {{"report", "--store", "h", "--moves-file", "m", "--cooldown", "3d"}, "\"3d\" is not a duration"},
      {{"resolve"}, "REF"},
      {{"resolve", "a", "-o", "sarif"}, "sarif"},
      {{"verify"}, "REF"},
      {{"verify", "a", "-o", "sarif"}, "sarif"},
      {{"verify", "a", "--verifier", "v", "--key", "k"}, "--verifier takes one of the configuration"},
      {{"verify", "a", "--trust-policy", "p", "--trust-store", "s", "--key", "k"}, "are for Notation"},
      {{"verify", "a", "--trust-policy", "p"}, "Notation needs both --trust-policy and --trust-store"},
      {{"verify", "a", "--identity", "i", "--issuer", "u"}, "certificates need --trusted-root"},
      {{"verify", "a", "--trusted-root", "r", "--identity", "i"}, "one of --issuer and --issuer-regexp"},
      {{"verify", "a", "--trusted-root", "r"}, "a key needs --key"},
      {{"fn", "a"}, "a"},
      {{"completion"}, "SHELL"},
      {{"completion", "tcsh"}, "tcsh not in {bash,zsh,fish}"},
      {{"completion", "bash", "zsh"}, "zsh"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(refusal(row.words), HasSubstr(row.part)) << ::testing::PrintToString(row.words);
}

TEST(ExitCode, TellsWrongInputFromFailure) {
  EXPECT_EQ(exit_code(error_code::invalid_input), 2);
  EXPECT_EQ(exit_code(error_code::unsupported), 2);
  EXPECT_EQ(exit_code(error_code::unavailable), 1);
  EXPECT_EQ(exit_code(error_code::internal), 1);
}

}  // namespace
}  // namespace pinhook::cli
