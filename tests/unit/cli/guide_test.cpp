// manifests/README.md is true: the files, settings, metrics, alerts, labels, rights, values and commands that it names
// exist.
#include "support/golden.hpp"
#include "support/markdown.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <pinhook/cli/parse_arguments.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/setting_table.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/yaml/document.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

namespace fs = std::filesystem;
using strings = std::vector<std::string>;
using testing::all_of;
using testing::block;
using testing::blocks_of;
using testing::commands_of;
using testing::lines_of;
using testing::words_of;

const fs::path source_dir = testing::source_dir();
const fs::path manifests_dir = source_dir / "manifests";

std::string read(const fs::path& path) { return testing::read_file(path); }

const std::string& guide() {
  static const std::string text = read(manifests_dir / "README.md");
  return text;
}

// Documents of a stream, as yaml::parse takes one at a time.
strings documents_of(const std::string& text) {
  strings out(1);
  for (const std::string& line : lines_of(text)) {
    if (line == "---")
      out.emplace_back();
    else
      out.back() += line + "\n";
  }
  return out;
}

strings yaml_files(const fs::path& folder) {
  strings out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().string());
  std::ranges::sort(out);
  return out;
}

// "kind/name" of the objects in the YAML files below the folder, kinds in lower case; Secrets that only rights name,
// too.
std::set<std::string> objects_below(const fs::path& folder) {
  std::set<std::string> out;
  for (const std::string& file : yaml_files(folder)) {
    const std::string text = read(file);
    for (const std::string& document : documents_of(text)) {
      std::smatch kind, name;
      if (!std::regex_search(document, kind, std::regex(R"((?:^|\n)kind: (\w+))")) ||
          !std::regex_search(document, name, std::regex(R"(\nmetadata:\n(?:  .*\n)*?  name: (\S+))")))
        continue;
      std::string made = kind[1].str();
      std::ranges::transform(made, made.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      out.insert(made + "/" + name[1].str());
    }
    for (const std::string& name : all_of(text, R"(resourceNames: \[(pinhook-[a-z-]+)\])"))
      out.insert("secret/" + name);
  }
  return out;
}

const yaml::node* value_at(const yaml::node& from, const std::string& path) {
  const yaml::node* at = &from;
  std::istringstream in(path);
  for (std::string key; at != nullptr && std::getline(in, key, '.');) at = at->find(key);
  return at;
}

// Its own links: unit/architecture/pages_test.cpp.
TEST(Guide, IsLinkedByTheReadme) {
  EXPECT_TRUE(all_of(read(source_dir / "README.md"), R"(\]\((manifests/README\.md)\))").size() == 1);
}

TEST(Guide, NamesFilesThatExist) {
  const auto named = all_of(guide(), R"((manifests/[A-Za-z0-9_./-]*[A-Za-z0-9_-]))");
  EXPECT_FALSE(named.empty());
  for (const std::string& path : named) EXPECT_TRUE(fs::exists(source_dir / path)) << path;
}

TEST(Pages, ShowYamlThatParses) {
  for (const std::string& page : testing::pages())
    for (const block& b : blocks_of(testing::page_text(page), "yaml"))
      for (const std::string& document : documents_of(b.text)) {
        const auto node = yaml::parse(document);
        EXPECT_TRUE(node) << page << ":" << b.line << ": " << node.error().message;
      }
}

TEST(Guide, ShowsConfigurationsThatAreRead) {
  std::size_t count = 0;
  for (const block& b : blocks_of(guide(), "yaml")) {
    if (!b.text.starts_with("# pinhook.yaml")) continue;
    ++count;
    config::settings s;
    const auto good = config::read_configuration(b.text, "pinhook.yaml", s);
    EXPECT_TRUE(good) << "line " << b.line << ": " << good.error().message;
  }
  EXPECT_GT(count, 0U);
}

TEST(Guide, NamesSettingsOfTheTable) {
  std::set<std::string> sections, variables{"PINHOOK_CONFIG"};
  for (const config::setting& row : config::setting_table()) {
    const std::string key(row.key);
    if (const auto dot = key.find('.'); dot != std::string::npos) sections.insert(key.substr(0, dot));
    variables.insert(config::variable_name(key));
  }
  for (const std::string& name : all_of(guide(), "`([a-z_]+(?:\\.[a-z_]+)+)(?::[^`]*)?`"))
    EXPECT_TRUE(!sections.contains(name.substr(0, name.find('.'))) || config::find_setting(name) != nullptr) << name;
  for (const std::string& name : all_of(guide(), R"((PINHOOK_[A-Z_]+))")) EXPECT_TRUE(variables.contains(name)) << name;
}

TEST(Guide, NamesMetricsThatExist) {
  std::set<std::string> known;
  for (const server::metric_info& row : server::metric_table) {
    const std::string name(row.name);
    known.insert(name);
    if (row.type == server::metric_type::histogram) known.insert({name + "_bucket", name + "_sum", name + "_count"});
  }
  const auto named = all_of(guide(), R"(\b((?:pinhook|process)_[a-z_]+))");
  EXPECT_FALSE(named.empty());
  for (const std::string& name : named) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(Guide, NamesLabelsAnnotationsAndWebhooksThatExist) {
  const std::set<std::string> known{std::string(pin::pin_label),
                                    std::string(pin::pins_annotation),
                                    std::string(pin::updates_annotation),
                                    std::string(pin::refresh_annotation),
                                    "enforce.pinhook.dev",
                                    "best-effort.pinhook.dev",
                                    "audit.pinhook.dev",
                                    "enforce.pinhook.dev/pins",
                                    "best-effort.pinhook.dev/pins",
                                    "enforce.pinhook.dev/skipped",
                                    "best-effort.pinhook.dev/skipped",
                                    "audit.pinhook.dev/skipped",
                                    "enforce.pinhook.dev/findings",
                                    "best-effort.pinhook.dev/findings",
                                    "audit.pinhook.dev/findings"};
  for (const std::string& name : all_of(guide(), R"(((?:[a-z-]+\.)?pinhook\.dev(?:/[a-z-]*[a-z])?))"))
    EXPECT_TRUE(known.contains(name) || name == "pinhook.dev") << name;
}

TEST(Guide, SaysWhatToDoAboutEveryAlert) {
  std::string rules;
  for (const char* folder : {"kustomize/components/monitoring", "kustomize/components/console-monitoring"})
    for (const std::string& file : yaml_files(manifests_dir / folder)) rules += read(file);
  const auto made = all_of(rules, R"(alert:\s*(\w+))");
  EXPECT_FALSE(made.empty());
  EXPECT_EQ(all_of(guide(), R"(\b(Pinhook[A-Z]\w+))"), made);
  // In its table, with the severity that the rule has.
  const std::regex rule(R"(alert:\s*(\w+)\n(?:(?!\s*- alert:).*\n)*?\s*severity:\s*(\w+))");
  for (std::sregex_iterator it(rules.begin(), rules.end(), rule); it != std::sregex_iterator(); ++it) {
    const std::string begin = "| `" + (*it)[1].str() + "` | " + (*it)[2].str() + " |";
    EXPECT_TRUE(guide().contains(begin)) << begin;
  }
}

// Whoever is woken by an alert finds its heading in docs/alerts.md, from both forms of the rules.
TEST(Alerts, HaveARunbookWithAHeadingForEach) {
  const std::set<std::string> anchors = testing::anchors_of(testing::page_text("docs/alerts.md"));
  std::set<std::string> headings;
  for (const char* file : {"kustomize/components/monitoring/objects/prometheusrule.yaml",
                           "kustomize/components/console-monitoring/objects/prometheusrule.yaml",
                           "helm/pinhook/files/alerts.yaml", "helm/pinhook/files/console-alerts.yaml"}) {
    const std::string rules = read(manifests_dir / file);
    const std::regex rule(R"(- alert: (\w+)\n(?:(?!\s*- alert:).*\n)*?\s*runbook_url: (\S+)\n)");
    std::set<std::string> found;
    for (std::sregex_iterator it(rules.begin(), rules.end(), rule); it != std::sregex_iterator(); ++it) {
      std::string anchor = (*it)[1].str();
      std::ranges::transform(anchor, anchor.begin(), [](unsigned char c) { return std::tolower(c); });
      EXPECT_EQ((*it)[2].str(), "https://github.com/pinhook/pinhook/blob/main/docs/alerts.md#" + anchor) << file;
      EXPECT_TRUE(anchors.contains(anchor)) << "docs/alerts.md has no heading " << (*it)[1].str();
      found.insert((*it)[1].str());
    }
    EXPECT_EQ(found, all_of(rules, R"(- alert:\s*(\w+))")) << file << ": an alert without runbook_url";
    headings.merge(found);
  }
  EXPECT_EQ(all_of(testing::page_text("docs/alerts.md"), R"((?:^|\n)## (\w+))"), headings)
      << "an alert that is no more";
}

// The guide quotes warnings and denials as the program writes them.
TEST(Guide, QuotesWhatTheProgramSays) {
  struct quote {
    std::string_view text;
    const char* source;
  };
  constexpr quote quotes[] = {
      {"pinhook cannot pin", "src/admission/slot_failures.cpp"},
      {"pinhook denies ", "src/admission/rule_findings.cpp"},
      {"Check the name and the tag", "src/resolve/advice.cpp"},
      {"imagePullSecrets", "src/resolve/advice.cpp"},
      {"give it credentials", "src/resolve/advice.cpp"},
      {"Try again", "src/resolve/advice.cpp"},
      {"to be pinned at the next change of the pod template", "src/pin/plan.cpp"},
      {" is not pinned: its controller", "src/pin/foreign_controller.cpp"},
      {"not pinned here, it is filled in later", "src/pin/plan.cpp"},
      {"annotation pinhook.dev/pins is ignored: ", "src/pin/plan.cpp"},
      {" moved to ", "src/admission/compose.cpp"},
      {"is in back-off for ", "src/resolve/host_health.cpp"},
      {"no connection", "src/http/curl_error.cpp"},
      {"does not have", "registry/error_body.cpp"},
  };
  for (const quote& q : quotes) {
    EXPECT_TRUE(guide().contains(q.text)) << q.text;
    EXPECT_TRUE(read(source_dir / q.source).contains(q.text)) << q.source << ": " << q.text;
  }
}

// The end-to-end tests see the messages of API servers and clients that the guide quotes, and take the way out that it
// names.
TEST(Guide, QuotesWhatEndToEndTestsSee) {
  constexpr std::pair<std::string_view, const char*> quotes[] = {
      {"field is immutable", "ownership_test.cpp"},
      {"kubectl-client-side-apply", "ownership_test.cpp"},
      {"--server-side", "ownership_test.cpp"},
      {"--force-conflicts", "ownership_test.cpp"},
      {"--force-conflicts", "helm_test.cpp"},
      {"--take-ownership", "helm_test.cpp"},
      {"enforce.pinhook.dev/pins", "opt_in_test.cpp"},
      {"failed calling webhook \"enforce.pinhook.dev\"", "webhook_failures_test.cpp"},
  };
  for (const auto& [text, file] : quotes) {
    EXPECT_TRUE(guide().contains(text)) << text;
    std::string source = read(source_dir / "tests/e2e" / file);
    std::erase(source, '\\');
    EXPECT_TRUE(source.contains(text)) << file << ": " << text;
  }
}

// The versions that it names are those that the end-to-end tests build.
TEST(Guide, NamesTheVersionsOfKubernetesThatItWasTriedOn) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(source_dir / "tests/e2e/control_plane")) {
    if (!entry.is_directory()) continue;
    ++count;
    const auto versions = all_of(read(entry.path() / "go.mod"), R"(require k8s\.io/kubernetes v([0-9.]+))");
    ASSERT_EQ(versions.size(), 1U) << entry.path();
    EXPECT_TRUE(versions.begin()->starts_with(entry.path().filename().string() + ".")) << entry.path();
    for (const std::string& page : {guide(), read(source_dir / "README.md")})
      EXPECT_TRUE(page.contains(*versions.begin())) << *versions.begin();
  }
  EXPECT_GE(count, 2U);
}

// Facts about API servers are written once: the code that relies on one names the page, and the page the tests that ask
// again.
TEST(ApiServerPage, IsNamedByTheCodeAndNamesTests) {
  const std::string page = read(source_dir / "docs/api-server.md");
  for (const std::string& file : all_of(page, R"((\w+_test\.cpp))"))
    EXPECT_TRUE(fs::exists(source_dir / "tests/e2e" / file)) << file;
  for (const char* file : {"include/pinhook/pin/json_patch.hpp", "include/pinhook/admission/review.hpp"})
    EXPECT_TRUE(read(source_dir / file).contains("docs/api-server.md")) << file;
}

TEST(Guide, ShowsCommandsOfPinhookThatParse) {
  std::size_t count = 0;
  for (const std::string& command : commands_of(guide())) {
    std::smatch found;
    if (!std::regex_search(command, found, std::regex(R"((?:-- |^)(?:/usr/bin/)?pinhook (.+)$)"))) continue;
    ++count;
    const auto parsed = parse_arguments(words_of(found[1].str()));
    EXPECT_TRUE(parsed) << command << ": " << parsed.error().message;
  }
  EXPECT_GT(count, 0U);
}

// kubectl … KIND/NAME and KIND NAME of our own objects.
TEST(Guide, ShowsCommandsForObjectsThatAreInTheManifests) {
  const auto made = objects_below(manifests_dir / "kustomize");
  // Releases of the chart that the guide itself installs.
  std::set<std::string> releases;
  for (const std::string& command : commands_of(guide())) releases.merge(all_of(command, R"(helm install (\S+))"));
  std::size_t count = 0;
  const std::regex named(
      R"(\b(namespace|deployment|service|configmap|secret|mutatingwebhookconfiguration|networkpolicy)[ /](pinhook[a-z-]*)\b)");
  for (const std::string& command : commands_of(guide())) {
    std::smatch found;
    if (!std::regex_search(command, found, named)) continue;
    ++count;
    const std::string name = found[2].str();
    EXPECT_TRUE(made.contains(found[1].str() + "/" + name) || (name != "pinhook" && releases.contains(name)))
        << command;
  }
  EXPECT_GT(count, 0U);
}

// A key below `config` is a setting, or a section of settings.
bool is_value(const yaml::node& values, const std::string& key) {
  constexpr std::string_view config = "config.";
  if (!key.starts_with(config)) return value_at(values, key) != nullptr;
  return config::find_setting(key.substr(config.size())) != nullptr;
}

TEST(Guide, ShowsValuesThatTheChartHas) {
  const auto values = yaml::parse(read(manifests_dir / "helm/pinhook/values.yaml"));
  ASSERT_TRUE(values) << values.error().message;
  std::size_t count = 0;
  for (const std::string& page : {guide(), read(source_dir / "README.md")})
    for (const std::string& command : commands_of(page))
      for (const std::string& key : all_of(command, R"(--set[a-z-]*[= ]'?([A-Za-z._]+)=)")) {
        ++count;
        EXPECT_TRUE(is_value(*values, key)) << command << ": " << key;
      }
  EXPECT_GT(count, 0U);
  for (const std::string& key : all_of(guide(), R"(value\s`([A-Za-z]+(?:\.[A-Za-z]+)*)`)"))
    EXPECT_TRUE(is_value(*values, key)) << key;
}

// Rows of a table, by the start of their first cell.
strings rows_of(const std::string& text, const std::string& heading) {
  strings out;
  bool is_inside = false;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("#")) is_inside = line == heading;
    if (is_inside && line.starts_with("| `")) out.push_back(line);
  }
  return out;
}

TEST(Guide, ListsEveryRight) {
  const auto rows = rows_of(guide(), "## Rights");
  std::size_t count = 0;
  for (const std::string& file : yaml_files(manifests_dir / "kustomize")) {
    if (!file.ends_with("rbac.yaml")) continue;
    for (const std::string& document : documents_of(read(file))) {
      const auto role = yaml::parse(document);
      ASSERT_TRUE(role) << file << ": " << role.error().message;
      const yaml::node* rules = role->find("rules");
      if (rules == nullptr) continue;
      for (const yaml::node& rule : rules->items) {
        ++count;
        std::string verbs;
        for (const yaml::node& verb : rule.find("verbs")->items) verbs += (verbs.empty() ? "" : ", ") + verb.text;
        for (const yaml::node& resource : rule.find("resources")->items)
          EXPECT_TRUE(std::ranges::any_of(rows,
                                          [&](const std::string& row) {
                                            return row.contains("`" + resource.text + "`") &&
                                                   row.contains("| " + verbs + " |");
                                          }))
              << resource.text << ": " << verbs;
      }
    }
  }
  EXPECT_GT(count, 0U);
}

TEST(GuideExamples, AreReadable) {
  std::size_t configurations = 0;
  for (const std::string& file : yaml_files(manifests_dir / "examples")) {
    const std::string text = read(file);
    for (const std::string& document : documents_of(text)) {
      const auto node = yaml::parse(document);
      EXPECT_TRUE(node) << file << ": " << node.error().message;
    }
    if (!file.ends_with("/pinhook.yaml")) continue;
    ++configurations;
    config::settings s;
    const auto good = config::read_configuration(text, file, s);
    EXPECT_TRUE(good) << good.error().message;
  }
  EXPECT_GT(configurations, 0U);
}

// The files that a kustomization names exist.
TEST(GuideExamples, StandOnFilesThatExist) {
  for (const std::string& file : yaml_files(manifests_dir / "examples")) {
    if (!file.ends_with("/kustomization.yaml")) continue;
    const auto node = yaml::parse(read(file));
    ASSERT_TRUE(node) << file;
    for (const std::string_view list : {"resources", "components"}) {
      const yaml::node* paths = node->find(list);
      if (paths == nullptr) continue;
      for (const yaml::node& path : paths->items)
        EXPECT_TRUE(fs::exists(fs::path(file).parent_path() / path.text)) << file << ": " << path.text;
    }
  }
}

}  // namespace
}  // namespace pinhook::cli
