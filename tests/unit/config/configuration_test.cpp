#include <pinhook/config/configuration.hpp>

#include "support/golden.hpp"
#include "support/paths.hpp"
#include "unit/config/refusal.hpp"

#include <pinhook/config/setting_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pinhook::config {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

settings read(std::string_view text) {
  settings s;
  const auto good = read_configuration(text, "pinhook.yaml", s);
  EXPECT_TRUE(good) << good.error().message;
  return s;
}

// One value other than the default for every key of the table.
constexpr std::string_view all_changed = R"(
listen: "127.0.0.1:1"
admin: {listen: "[::1]:2"}
threads: 3
namespace: pins
tls:
  cert_file: /c
  key_file: "/k \"q\" ü\n"
  reload_interval: 1s
  secret: other
  webhook_configuration: other-too
  service: hook
  names: [hook.example.com, 127.0.0.1]
  lifetime: 100h
  authority_lifetime: 200h
  settle: 0s
  check_interval: 1s
callers:
  client_ca: /ca
  names: ["*.example.com"]
  required: false
  labelled_namespaces: "on"
  lookups: 0
pin:
  format: tag-and-digest
  updates: refresh
  kinds:
    - {group: example.com, kind: Engine, paths: ["spec.image", "spec.workers[*].image"]}
    - {kind: Thing, paths: [spec.x]}
  custom_resources: true
  foreign_controllers: true
  excluded_namespaces: [a, b]
  verify_pull: enforce
rules:
  - {name: sidecars, images: "**/istio/proxyv2", namespaces: [shop, "team-*"], pin: never}
  - name: own-registries
    require: [tag, {registry: [docker.io, "ghcr.io/acme/**"]}]
    action: deny
    message: 'ask "platform": #x'
  - preset: recommended
verifiers:
  - name: acme
    cosign:
      keys: [/etc/acme.pub, "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----"]
      digest_algorithm: sha384
      annotations: {team: "web: #1"}
      require: [log, timestamp]
      trusted_root: /etc/trusted_root.json
    platforms: [linux/amd64, linux/arm/v6]
  - name: github
    cosign:
      trusted_root: /etc/trusted_root.json
      require: []
      sct: false
      identities:
        - {issuer: "https://token.actions.githubusercontent.com", subject_regexp: "https://github\\.com/acme/.*"}
        - {issuer_regexp: ".*", subject: dev@acme.test}
  - {name: notary-project, notation: {trust_policy: /etc/trustpolicy.json, trust_store: /etc/truststore}}
  - name: legacy
    content_trust:
      server: https://notary.example.com
      root_key_ids: [d2fefa3165bd50a74f9baf203ec21f32fb151482963e7a01105c8ffcac135124]
  - {name: rooted, content_trust: {server: "http://localhost:4443", root: /etc/root.json}}
help: "chat: #platform, wiki/{namespace}"
lock: {file: /locks/pinhook.lock, required: true}
moves: {file: /moves/moves.yaml}
files:
  paths:
    - {files: "**/engine.yaml", paths: [server.image, "jobs[*].image"]}
    - {files: "*.cfg.yaml", paths: ["images{*}"]}
  exclude: [vendor/, "*.tmpl.yaml"]
deadline: {limit: 9s, margin: 1ms}
cache: {ttl: 1m1s, negative_ttl: 0s, stale_for: 2h, entries: 7}
signatures: {ttl: 25h, negative_ttl: 0s, entries: 7}
resolver: {host_concurrency: 2, lookup_limit: 3s, source_limit: 1s}
registries:
  localhost:5000: {plain_http: false}
  registry.example.com: {ca_file: /ca.pem, realm_hosts: [auth.example.com]}
  "[::1]:5000":
registry: {verify_by_get: true, allow: [docker.io, "*.example.com"], deny: ["*.svc"]}
networks: {allow: [10.20.0.0/16, "fd00::/8"], deny: [10.1.2.3], private: false}
mirrors:
  certs_dirs: [/etc/containerd/certs.d]
  registries_conf: [/etc/containers/registries.conf]
  registries_yaml: /etc/rancher/k3s/registries.yaml
  default_endpoint: false
  short_names: false
  openshift: true
  complete: [docker.io, _default]
  hosts:
    docker.io:
      - url: https://one.example.com
        capabilities: [pull]
        ca: [/ca.pem]
        client: [/client.crt, /client.key]
        skip_verify: true
        override_path: true
        dial_timeout: 2s
      - {url: "http://two.example.com:5000/hub", capabilities: [resolve, push, referrers]}
    _default: []
pull_secrets: {mode: off, ttl: 5s, namespaces: [a]}
kubeconfig: /kube/config
plugins: {config: /plugins.yaml, bin_dir: /plugins}
clouds: [google]
docker_config: /config.json
credential_helpers: true
limits: {body: 1MiB, header: 8Ki, idle: 2s, request: 3s, handshake: 4s, connections: 5}
shutdown: {delay: 0s, limit: 1s}
log: {level: debug, format: text}
)";

TEST(Configuration, ReadsEverySetting) {
  const settings s = read(all_changed);
  EXPECT_EQ(s.listen.port, 1);
  EXPECT_TRUE(s.admin_listen.ip.is_v6());
  EXPECT_EQ(s.threads, 3U);
  EXPECT_EQ(s.own_namespace, "pins");
  EXPECT_EQ(s.tls.key_file, "/k \"q\" ü\n");
  EXPECT_EQ(s.pin.format, pin::pin_format::tag_and_digest);
  ASSERT_EQ(s.rules.written().size(), 3U);
  EXPECT_EQ(s.rules.written()[0].pin, pin::pin_order::never);
  EXPECT_EQ(s.rules.written()[1].message, "ask \"platform\": #x");
  ASSERT_EQ(s.pin.kinds.size(), 2U);
  EXPECT_THAT(s.pin.kinds[0].paths, ElementsAre("spec.image", "spec.workers[*].image"));
  EXPECT_EQ(s.pin.kinds[1].group, "");
  EXPECT_EQ(s.help, "chat: #platform, wiki/{namespace}");
  EXPECT_EQ(s.lock.file, "/locks/pinhook.lock");
  EXPECT_TRUE(s.lock.required);
  EXPECT_EQ(s.moves.file, "/moves/moves.yaml");
  EXPECT_THAT(s.files.exclude, ElementsAre("vendor/", "*.tmpl.yaml"));
  ASSERT_EQ(s.files.paths.size(), 2U);
  EXPECT_EQ(s.files.paths[0].files, "**/engine.yaml");
  EXPECT_THAT(s.files.paths[0].paths, ElementsAre("server.image", "jobs[*].image"));
  EXPECT_EQ(s.deadline.margin, 1ms);
  EXPECT_EQ(s.cache.ttl, 61s);
  ASSERT_EQ(s.registries.size(), 3U);
  EXPECT_EQ(s.registries.at("localhost:5000").plain_http, false);
  EXPECT_EQ(s.registries.at("[::1]:5000").plain_http, std::nullopt);
  EXPECT_EQ(s.registries.at("registry.example.com").ca_file, "/ca.pem");
  ASSERT_EQ(s.networks.allow.size(), 2U);
  EXPECT_EQ(s.networks.allow[1].prefix, 8U);
  ASSERT_EQ(s.mirrors.hosts.at("docker.io").size(), 2U);
  const auto& mirror = s.mirrors.hosts.at("docker.io")[0];
  EXPECT_TRUE(mirror.can_pull);
  EXPECT_FALSE(mirror.can_resolve);
  EXPECT_EQ(mirror.client_key_file, "/client.key");
  EXPECT_EQ(mirror.dial_timeout, 2s);
  EXPECT_TRUE(s.mirrors.hosts.at("docker.io")[1].can_resolve);
  EXPECT_EQ(s.pull_secrets.mode, switch_state::off);
  EXPECT_EQ(s.limits.header, 8192U);
  EXPECT_EQ(s.log.format, log::format::text);

  const settings defaults;
  for (const auto& row : setting_table()) EXPECT_NE(row.write(s), row.write(defaults)) << row.key << " was not changed";
}

TEST(Configuration, RenderedSettingsReadBack) {
  const settings s = read(all_changed);
  for (const auto level : {detail::values, detail::documented}) {
    const settings back = read(render(s, level));
    for (const auto& row : setting_table()) EXPECT_EQ(row.write(back), row.write(s)) << row.key;
  }
}

TEST(Configuration, TheDocumentedFileIsTheDefaultsAndNamesEveryKey) {
  const std::string path = testing::source_dir() + "/manifests/pinhook.yaml";
  const std::string head =
      "# The configuration of pinhook: every setting with its default. A file names only what it changes; an unknown\n"
      "# key or a wrong value is refused at start-up. Variables (PINHOOK_…) win over the file, flags over variables.\n"
      "# `pinhook serve --print-config` shows what is in effect.\n\n";
  testing::expect_golden(path, head + render(settings{}, detail::documented));
  const std::string text = testing::read_file(path);
  const settings s = read(text);
  EXPECT_EQ(render(s), render(settings{}));
  const auto root = yaml::parse(text);
  ASSERT_TRUE(root);
  for (const auto& row : setting_table()) {
    const yaml::node* at = &*root;
    for (std::string_view rest = row.key; at != nullptr && !rest.empty();) {
      const auto dot = rest.find('.');
      at = at->find(rest.substr(0, dot));
      rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    }
    EXPECT_NE(at, nullptr) << row.key << " is missing in " << path;
  }
}

TEST(Configuration, AbsentAndEmptyKeysKeepTheDefault) {
  for (const char* text : {"", "# nothing\n", "tls:\n", "tls: {}\nlog:\n  level:\n", "threads: ~\n"})
    EXPECT_EQ(render(read(text)), render(settings{})) << text;
}

TEST(Configuration, RefusesUnknownKeysWithLineAndGuess) {
  struct sample {
    const char* text;
    const char* start;
    const char* guess;
  };
  for (const sample& s : {
           sample{"threads: 1\nlisten_on: x\n", "pinhook.yaml: line 2, column 1: \"listen_on\"",
                  "did you mean listen?"},
           sample{"tls:\n  certfile: x\n", "pinhook.yaml: line 2, column 3: \"tls.certfile\"",
                  "did you mean tls.cert_file?"},
           sample{"cert_file: x\n", "pinhook.yaml: line 1, column 1: \"cert_file\"", "did you mean tls.cert_file?"},
           sample{"deadlin:\n  limit: 1s\n", "pinhook.yaml: line 1, column 1: \"deadlin\"", "did you mean deadline?"},
           sample{"deadline.limit: 1s\n", "pinhook.yaml: line 1, column 1: \"deadline.limit\"",
                  "write it as a mapping"},
           sample{"zzzzzzzzzzzz: 1\n", "pinhook.yaml: line 1, column 1: \"zzzzzzzzzzzz\"", "no such setting"},
           sample{"pin:\n  kinds:\n    - kind: X\n      path: []\n", "pinhook.yaml: line 4, column 7: pin.kinds",
                  "known are: group, kind, paths"},
           sample{"registries:\n  docker.io:\n    plain: true\n", "pinhook.yaml: line 3, column 5: registries",
                  "known are: plain_http, ca_file, realm_hosts"},
       }) {
    EXPECT_THAT(refusal(s.text), StartsWith(s.start)) << s.text;
    EXPECT_THAT(refusal(s.text), HasSubstr(s.guess)) << s.text;
  }
}

TEST(Configuration, RefusesWrongTypesAndRanges) {
  struct sample {
    const char* text;
    const char* start;
    const char* reason;
  };
  for (const sample& s : {
           sample{"threads: many\n", "line 1, column 10: threads: ", "not a number, 0 to 1024"},
           sample{"threads: 1025\n", "line 1, column 10: threads: ", "0 to 1024"},
           sample{"threads: -1\n", "line 1, column 10: threads: ", "0 to 1024"},
           sample{"threads: 1.5\n", "line 1, column 10: threads: ", "0 to 1024"},
           sample{"threads: '1'\n", "line 1, column 10: threads: ", "0 to 1024"},
           sample{"threads: [1]\n", "line 1, column 10: threads: ", "not a list"},
           sample{"\n\ndeadline:\n  limit: 8 apples\n", "line 4, column 10: deadline.limit: ", "not a duration"},
           sample{"deadline: {limit: 31s}\n", "line 1, column 19: deadline.limit: ", "out of range"},
           sample{"cache: {negative_ttl: 301s}\n", "line 1, column 23: cache.negative_ttl: ", "out of range"},
           sample{"deadline: 8s\n", "line 1, column 1: deadline: ", "must be a mapping"},
           sample{"limits:\n  body: 8MB\n", "line 2, column 9: limits.body: ", "not a valid size"},
           sample{"limits:\n  body: 1\n", "line 2, column 9: limits.body: ", "out of range"},
           sample{"listen: localhost:8443\n", "line 1, column 9: listen: ", "not a valid address"},
           sample{"log: {level: loud}\n", "line 1, column 14: log.level: ", "debug, info, warning or error"},
           sample{"credential_helpers: yes\n", "line 1, column 21: credential_helpers: ", "true or false"},
           sample{"credential_helpers: 'true'\n", "line 1, column 21: credential_helpers: ", "true or false"},
           sample{"help: wiki/{team}\n", "line 1, column 7: help: ", "has a brace outside {namespace}: \"{team}\""},
           sample{"help: \"a\\nb\"\n", "line 1, column 7: help: ", "has a character that is not printable"},
           sample{"help: [a]\n", "line 1, column 7: help: ", "must be text or URL"},
           sample{"namespace: {a: b}\n", "line 1, column 12: namespace: ", "must be text"},
           sample{"pin: {excluded_namespaces: a}\n", "line 1, column 28: pin.excluded_namespaces: ", "must be a list"},
           sample{"pin: {kinds: [{kind: a, paths: []}]}\n", "line 1, column 32: pin.kinds: ", "0 paths; name 1 to 64"},
           sample{"pin:\n  kinds:\n    - kind: X\n      paths: [spec.image, \"spec..x\"]\n",
                  "line 4, column 27: pin.kinds: ", "spec..x"},
           sample{"files:\n  paths:\n    - files: a\n      paths: [\"a..b\"]\n",
                  "line 4, column 15: files.paths: ", "a..b"},
           sample{"files: {paths: [{files: a, paths: []}]}\n",
                  "line 1, column 35: files.paths: ", "0 paths; name 1 to 64"},
           sample{"files: {paths: [{paths: [a]}]}\n", "line 1, column 17: files.paths: ", "files is missing"},
           sample{"files: {paths: [{files: a, kinds: [a]}]}\n",
                  "line 1, column 28: files.paths: ", "known are: files, paths"},
           sample{"files: {paths: {files: a}}\n",
                  "line 1, column 16: files.paths: ", "must be a list of {files, paths}"},
           sample{"lock: {required: \"true\"}\n", "line 1, column 18: lock.required: ", "true or false"},
           sample{"lock: pinhook.lock\n", "line 1, column 1: lock: ", "must be a mapping"},
           sample{"pin: {kinds: [a]}\n", "line 1, column 15: pin.kinds: ", "must be a mapping"},
           sample{"registries: [a]\n", "line 1, column 13: registries: ", "must be a mapping"},
           sample{"registries:\n  docker.io: {}\n  index.docker.io: {}\n",
                  "line 3, column 3: registries: ", "not a valid registry"},
           sample{"registries:\n  https://x.example: {}\n", "line 2, column 3: registries: ", "not a valid registry"},
           sample{"networks:\n  deny:\n  - 10.0.0.0/8\n  - 10.0.0.1/8\n",
                  "line 4, column 5: networks.deny: ", "10.0.0.0/8"},
           sample{"networks: {allow: [example.com]}\n", "line 1, column 20: networks.allow: ", "example.com"},
           sample{"clouds:\n- aws\n- gcp\n", "line 3, column 3: clouds: ", "known are: aws, google, azure"},
           sample{"pull_secrets: {mode: maybe}\n", "line 1, column 22: pull_secrets.mode: ", "auto, on or off"},
           sample{"mirrors:\n  hosts:\n    docker.io:\n      - {ulr: x}\n",
                  "line 4, column 10: mirrors.hosts: ", "known are: url"},
           sample{"mirrors:\n  hosts:\n    docker.io:\n      - {url: \"ftp://x\"}\n",
                  "line 4, column 9: mirrors.hosts: ", "ftp"},
           sample{"mirrors: {hosts: {docker.io: x}}\n",
                  "line 1, column 30: mirrors.hosts: ", "must be a list of mirrors"},
           sample{"mirrors: {hosts: {a/b: []}}\n", "line 1, column 19: mirrors.hosts: ", "not a valid registry"},
           sample{"mirrors: {complete: [docker.io, docker.io/acme]}\n",
                  "line 1, column 33: mirrors.complete: ", "\"docker.io/acme\" is not a valid registry"},
           sample{"mirrors: {complete: docker.io}\n", "line 1, column 21: mirrors.complete: ", "must be a list"},
           sample{"mirrors: {hosts: {docker.io: [{url: x, capabilities: [pushed]}]}}\n",
                  "line 1, column 55: mirrors.hosts: ", "known are: pull, resolve, push, referrers"},
           sample{"- a\n", "line 1, column 1: ", "must be a mapping"},
       }) {
    EXPECT_THAT(refusal(s.text), StartsWith(std::string("pinhook.yaml: ") + s.start)) << s.text;
    EXPECT_THAT(refusal(s.text), HasSubstr(s.reason)) << s.text;
  }
  EXPECT_THAT(refusal("threads: 1\nthreads: 2\n"), HasSubstr("line 2, column 1"));
}

TEST(Configuration, PlacesProblemsOfRules) {
  EXPECT_EQ(refusal("threads: 1\nrules:\n  - name: a\n    pinn: never\n"),
            "pinhook.yaml: line 4, column 5: rules[0] (a): \"pinn\" is not a key of a rule; did you mean pin?");
  EXPECT_EQ(refusal("threads: 1\nrules:\n"),
            "pinhook.yaml: line 2, column 1: rules: the value is missing; write rules: [] for none");
  EXPECT_EQ(refusal("rules: never\n"), "pinhook.yaml: line 1, column 8: rules: want a list of rules, not a scalar");
  EXPECT_THAT(refusal("rules:\n  - {name: a, pin: keep}\n  - {name: b, images: docker.io/**, pin: never}\n"),
              StartsWith("pinhook.yaml: line 3, column 5: rules[1] (b): "));
  settings s;
  const auto applied = apply_environment({{"PINHOOK_RULES", "[{name: a, pin: nevr}]"}}, s);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message,
            "PINHOOK_RULES: line 1, column 17: rules[0] (a): pin: \"nevr\" is not a valid order; did you mean never?");
  EXPECT_TRUE(s.rules.is_empty());
}

TEST(Configuration, SaysWhatTookThePlaceOfFormerSettings) {
  const std::string message = refusal("pin:\n  update_overrides: [{pattern: \"**\", rule: refresh}]\n");
  EXPECT_THAT(message, StartsWith("pinhook.yaml: line 2, column 3: pin.update_overrides: replaced by rules"));
  const auto begin = message.find('`') + 1;
  const settings s = read(message.substr(begin, message.find('`', begin) - begin));
  ASSERT_EQ(s.rules.written().size(), 1U);
  EXPECT_EQ(s.rules.written()[0].pin, pin::pin_order::refresh);
  settings unchanged;
  const auto applied = apply_environment({{"PINHOOK_PIN_UPDATE_OVERRIDES", "[]"}}, unchanged);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, StartsWith("PINHOOK_PIN_UPDATE_OVERRIDES: replaced by rules"));
}

TEST(Configuration, HeadersOfMirrorsAreReadAndNotPrinted) {
  const settings s = read("mirrors: {hosts: {docker.io: [{url: m.example.com, header: {X-Token: hush}}]}}\n");
  const auto& headers = s.mirrors.hosts.at("docker.io")[0].headers;
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].name, "X-Token");
  EXPECT_EQ(headers[0].value.reveal(), "hush");
  EXPECT_THAT(render(s), AllOf(HasSubstr("X-Token"), Not(HasSubstr("hush"))));
}

TEST(Configuration, VariablesWinOverTheFileAndFlagsOverVariables) {
  settings s = read("threads: 2\nlisten: 127.0.0.1:1\nnamespace: file\n");
  const auto applied = apply_environment({{"PINHOOK_THREADS", "3"}, {"PINHOOK_LISTEN", "[::]:2"}}, s);
  ASSERT_TRUE(applied) << applied.error().message;
  ASSERT_TRUE(apply_text("--listen", "listen", "127.0.0.1:3", s));
  EXPECT_EQ(s.own_namespace, "file");
  EXPECT_EQ(s.threads, 3U);
  EXPECT_EQ(s.listen.port, 3);
}

TEST(Configuration, EverySettingHasAVariable) {
  const settings changed = read(all_changed);
  settings s;
  environment all;
  std::set<std::string> names;
  for (const auto& row : setting_table()) {
    std::string text = row.write(changed);
    // Plain settings are taken as they are: without YAML's quotes.
    if (!row.is_structured && text.starts_with('"')) text = yaml::parse(text)->text;
    all.emplace(variable_name(row.key), text);
    EXPECT_TRUE(names.insert(variable_name(row.key)).second) << row.key << " shares a variable";
  }
  const auto applied = apply_environment(all, s);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(render(s), render(changed));
}

TEST(Configuration, NamesTheVariableThatDoesNotFit) {
  settings s;
  for (const auto& [name, text] :
       environment{{"PINHOOK_THREADS", "x"}, {"PINHOOK_PIN_EXCLUDED_NAMESPACES", "a"}, {"PINHOOK_PIN_KINDS", "[{"}}) {
    const auto applied = apply_environment({{name, text}}, s);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, error_code::invalid_input);
    EXPECT_THAT(applied.error().message, StartsWith(name + ": "));
  }
}

TEST(Configuration, RefusesVariablesOfNoSetting) {
  settings s;
  const struct {
    const char* name;
    const char* part;
  } rows[] = {
      {"PINHOOK_TREADS", "PINHOOK_TREADS: no such setting; did you mean PINHOOK_THREADS?"},
      {"PINHOOK_CACHE_TLL", "did you mean PINHOOK_CACHE_TTL?"},
      {"PINHOOK_SOMETHING_ELSE",
       "no such setting; `pinhook serve --print-config` shows all. PINHOOK_IGNORE_UNKNOWN lists"},
      {"PINHOOK_", "no such setting"},
  };
  for (const auto& [name, part] : rows) {
    const auto refused = apply_environment({{name, "1"}, {"PATH", "/bin"}, {"PINHOOK_CONFIG", "/x"}}, s);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, error_code::invalid_input);
    EXPECT_THAT(refused.error().message, HasSubstr(part));
  }
}

TEST(Configuration, SkipsVariablesOfOthers) {
  settings s;
  EXPECT_TRUE(apply_environment({{"PINHOOK_SERVICE_HOST", "10.0.0.1"}, {"PINHOOK_PORT", "tcp://10.0.0.1:443"}}, s));
  for (const char* list :
       {"PINHOOK_TREADS,PINHOOK_OTHER", "PINHOOK_OTHER, PINHOOK_TREADS", " PINHOOK_TREADS\tPINHOOK_OTHER,"})
    EXPECT_TRUE(
        apply_environment({{"PINHOOK_TREADS", "1"}, {"PINHOOK_OTHER", "x"}, {"PINHOOK_IGNORE_UNKNOWN", list}}, s))
        << list;
  EXPECT_FALSE(apply_environment({{"PINHOOK_TREADS", "1"}, {"PINHOOK_IGNORE_UNKNOWN", "PINHOOK_TREAD"}}, s));
  EXPECT_TRUE(apply_environment(
      {{"PINHOOK_PIN_UPDATE_OVERRIDES", "[]"}, {"PINHOOK_IGNORE_UNKNOWN", "PINHOOK_PIN_UPDATE_OVERRIDES"}}, s))
      << "a deployment that serves two versions of pinhook";
}

TEST(Configuration, ACooldownNeedsTheFileOfMovedTags) {
  const auto problem = [](const char* text) {
    const auto good = check_together(read(text));
    return good ? std::string() : good.error().message;
  };
  EXPECT_THAT(problem("rules:\n  - {name: slow, cooldown: 72h}\n"),
              AllOf(HasSubstr("line 2: rules: rule \"slow\": cooldown needs the setting moves.file"),
                    HasSubstr("`pinhook report --moves-file` writes")));
  EXPECT_EQ(problem("rules:\n  - {name: slow, cooldown: 72h}\nmoves: {file: /moves.yaml}\n"), "");
  EXPECT_EQ(problem("rules:\n  - {name: own, cooldown: 0s}\n"), "") << "an exception alone needs none";
  settings of_command = read("rules:\n  - {name: slow, cooldown: 72h}\n");
  of_command.for_command = true;
  EXPECT_TRUE(check_together(of_command)) << "the webhook may have it from a variable";
}

TEST(Configuration, ChecksWhatBelongsTogether) {
  settings s;
  EXPECT_TRUE(check_together(s));
  s.tls.cert_file = "/c";
  EXPECT_THAT(check_together(s).error().message, HasSubstr("tls.key_file"));
  s.tls.key_file = "/k";
  EXPECT_TRUE(check_together(s));
  s.tls.authority_lifetime = s.tls.lifetime;
  EXPECT_THAT(check_together(s).error().message, HasSubstr("tls.authority_lifetime"));
  s.tls.authority_lifetime = s.tls.lifetime * 2;
  s.lock.required = true;
  EXPECT_THAT(check_together(s).error().message, HasSubstr("without lock.file"));
  s.lock.file = "/pinhook.lock";
  EXPECT_TRUE(check_together(s));
  s.callers.client_ca = "/ca.crt";
  EXPECT_THAT(check_together(s).error().message, HasSubstr("callers.client_ca is set without callers.names"));
  s.callers.names = {"kube-apiserver"};
  EXPECT_TRUE(check_together(s));
  s.callers.client_ca.clear();
  EXPECT_THAT(check_together(s).error().message, HasSubstr("callers.names is set without callers.client_ca"));
  s.callers.names.clear();
  s.admin_listen = s.listen;
  EXPECT_THAT(check_together(s).error().message, HasSubstr("0.0.0.0:8443"));
}

TEST(SettingTable, EveryRowIsDocumented) {
  std::string last_section;
  std::set<std::string> closed;
  for (const auto& row : setting_table()) {
    EXPECT_FALSE(row.type.empty()) << row.key;
    EXPECT_TRUE(row.help.ends_with('.')) << row.key;
    EXPECT_TRUE(row.when.ends_with('.')) << row.key;
    const std::string section(row.key.substr(0, row.key.find('.')));
    if (section != last_section) {
      EXPECT_TRUE(closed.insert(section).second) << section << " is in two places";
    }
    last_section = section;
  }
}

}  // namespace
}  // namespace pinhook::config
