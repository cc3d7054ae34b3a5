#include <pinhook/webhook/configuration_watch.hpp>

#include "support/certificates.hpp"

#include <pinhook/config/setting_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::webhook {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A file with one rule of that name.
std::string rule_named(const std::string& name, const std::string& more = "") {
  return "rules: [{name: " + name + ", require: tag, action: deny}]\n" + more;
}

struct ConfigurationWatch : ::testing::Test {
  testing::temporary_directory folder;
  server::metrics numbers;
  config::configuration_choice choice;
  environment all;
  /// The settings that were taken into use, in their order.
  std::vector<config::settings> used;
  std::unique_ptr<configuration_watch> watch;
  /// What `accept` says.
  result<void> accepted;

  std::string write(const std::string& text) { return folder.write("pinhook.yaml", text).string(); }

  // Starts with a file of that content.
  void open(const std::string& text) {
    choice.file = write(text);
    open();
  }
  void open() {
    auto from = config::open_configuration(choice, all);
    ASSERT_TRUE(from) << from.error().message;
    const auto found = from->settings(from->text);
    ASSERT_TRUE(found) << found.error().message;
    watch = std::make_unique<configuration_watch>(
        *std::move(from), found->values, [this](const config::settings& s) { used.push_back(s); }, numbers,
        [this](const config::settings&) { return accepted; });
  }

  // The keys that count after a restart.
  std::vector<std::string> taken() {
    const auto changed = watch->take_if_changed(read_files(watch->files()));
    EXPECT_TRUE(changed) << changed.error().message;
    EXPECT_TRUE(changed && *changed) << "no change";
    return changed && *changed ? (*changed)->after_restart : std::vector<std::string>{};
  }
  bool is_unchanged() {
    const auto changed = watch->take_if_changed(read_files(watch->files()));
    return changed && !*changed;
  }
  // The trouble, which is reported once and leaves everything as it was.
  std::string refused() {
    const std::size_t before = used.size();
    const auto changed = watch->take_if_changed(read_files(watch->files()));
    EXPECT_THAT(used, SizeIs(before));
    if (changed) return "no trouble";
    EXPECT_EQ(changed.error().code, error_code::invalid_input);
    EXPECT_TRUE(is_unchanged()) << "the same trouble is reported once";
    EXPECT_THAT(numbers.render(), HasSubstr("pinhook_configuration_current 0\n"));
    return changed.error().message;
  }
  std::string rule_in_use() const {
    const auto rules = used.back().rules.rules();
    return rules.size() == 1 ? rules.front().name : "not one rule";
  }
};

TEST_F(ConfigurationWatch, LeavesAFileAloneThatIsTheSame) {
  open(rule_named("one"));
  EXPECT_TRUE(is_unchanged());
  write(rule_named("one"));
  EXPECT_TRUE(is_unchanged()) << "another time, the same content";
  EXPECT_THAT(used, IsEmpty());
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_configuration_current 1\n"),
                                      HasSubstr("pinhook_configuration_reloads_total{result=\"success\"} 0\n")));
}

TEST_F(ConfigurationWatch, TakesChangedRules) {
  open(rule_named("one"));
  write(rule_named("two", "pin: {format: tag-and-digest, excluded_namespaces: [a]}\n"));
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(rule_in_use(), "two");
  EXPECT_EQ(used.back().pin.format, pin::pin_format::tag_and_digest);
  EXPECT_THAT(used.back().pin.excluded_namespaces, ElementsAre("a"));
  EXPECT_TRUE(is_unchanged());
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_configuration_reloads_total{result=\"success\"} 1\n"),
                                      HasSubstr("pinhook_configuration_reloads_total{result=\"failure\"} 0\n")));
}

// A change between the start and the first look must not be missed.
TEST_F(ConfigurationWatch, ComparesWithWhatTheSettingsCameFrom) {
  choice.file = write(rule_named("one"));
  auto from = config::open_configuration(choice, all);
  ASSERT_TRUE(from);
  write(rule_named("two"));
  const auto found = from->settings(from->text);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->values.rules.rules().front().name, "one");
  watch = std::make_unique<configuration_watch>(
      *std::move(from), found->values, [this](const config::settings& s) { used.push_back(s); }, numbers);
  taken();
  EXPECT_EQ(rule_in_use(), "two");
}

TEST_F(ConfigurationWatch, KeepsWhatIsInUseWhenTheFileIsNoGood) {
  open(rule_named("one"));
  const std::string& file = choice.file;
  write(rule_named("two", "pinn: {}\n"));
  EXPECT_THAT(refused(), AllOf(HasSubstr(file + ": line 2"), HasSubstr("pinn")));
  write("rules:\n  - {name: two, require: tag, action: forbid}\n");
  EXPECT_THAT(refused(), AllOf(HasSubstr(file + ": line 2"), HasSubstr("forbid")));
  write("rules:\n  - {name: a, require: tag, action: deny}\n  - {name: b, require: tag, action: warn}\n");
  EXPECT_THAT(refused(), AllOf(HasSubstr(file + ": line 3"), HasSubstr("a")));
  write("rules: [{name: two");
  EXPECT_THAT(refused(), HasSubstr(file));
  write(rule_named("two", "tls: {cert_file: a.pem}\n"));
  EXPECT_THAT(refused(), AllOf(HasSubstr(file), HasSubstr("tls.cert_file is set without tls.key_file")));
  write(std::string(config::max_configuration_size + 1, '\n'));
  EXPECT_THAT(refused(), HasSubstr("has more than 1048576 bytes"));
  EXPECT_THAT(used, IsEmpty());
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_configuration_reloads_total{result=\"failure\"} 6\n"),
                                      HasSubstr("pinhook_configuration_reloads_total{result=\"success\"} 0\n")));
}

TEST_F(ConfigurationWatch, AFileThatVanishesOrIsEmptiedDoesNotMeanNoRules) {
  open(rule_named("one"));
  fs::remove(choice.file);
  EXPECT_THAT(refused(), HasSubstr("cannot read the configuration " + choice.file + ": No such file"));
  write("");
  EXPECT_THAT(refused(), HasSubstr(choice.file + ": the file has no settings any more"));
  write("# rules follow\n---\n\n  # soon\r\n...\n");
  EXPECT_THAT(refused(), HasSubstr("the file has no settings any more"));
  write("rules: []\n");
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_TRUE(used.back().rules.is_empty()) << "this says so";
}

// The chart renders an empty file for values without a configuration.
TEST_F(ConfigurationWatch, AFileThatWasEmptyMayBeSoAgain) {
  open("# nothing yet\n");
  write("");
  EXPECT_THAT(taken(), IsEmpty());
  write(rule_named("one"));
  taken();
  EXPECT_EQ(rule_in_use(), "one");
  write("");
  EXPECT_THAT(refused(), HasSubstr("the file has no settings any more"));
}

TEST_F(ConfigurationWatch, TakesTheOldContentAgainAfterABadOne) {
  open(rule_named("one"));
  write("rules: 5\n");
  EXPECT_THAT(refused(), HasSubstr("line 1"));
  write(rule_named("one"));
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(rule_in_use(), "one");
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_configuration_current 1\n"),
                                      HasSubstr("pinhook_configuration_reloads_total{result=\"success\"} 1\n"),
                                      HasSubstr("pinhook_configuration_reloads_total{result=\"failure\"} 1\n")));
}

TEST_F(ConfigurationWatch, NamesWhatCountsAfterARestart) {
  open(rule_named("one", "threads: 2\nnamespace: mine\n"));
  write(rule_named("two", "threads: 3\nnamespace: other\ncache: {ttl: 1h}\nlock: {file: a.lock}\n"));
  EXPECT_THAT(taken(), ElementsAre("threads", "namespace", "lock.file", "cache.ttl"));
  EXPECT_EQ(rule_in_use(), "two");
  EXPECT_EQ(used.back().own_namespace, "mine");
  EXPECT_EQ(used.back().threads, 2U);

  write(rule_named("three", "threads: 3\nnamespace: mine\n"));
  EXPECT_THAT(taken(), ElementsAre("threads")) << "as long as it differs from the running value";
  write(rule_named("three", "threads: 2\nnamespace: mine\n"));
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(ConfigurationWatch, VariablesAndFlagsStillWin) {
  all = {{"PINHOOK_PIN_UPDATES", "refresh"}, {"PINHOOK_THREADS", "2"}};
  choice.flags.push_back({"--pin-format", "pin.format", "tag-and-digest"});
  open(rule_named("one"));
  write(rule_named("two", "threads: 7\npin: {updates: keep, format: digest}\n"));
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(used.back().pin.updates, pin::update_rule::refresh);
  EXPECT_EQ(used.back().pin.format, pin::pin_format::tag_and_digest);
  EXPECT_EQ(rule_in_use(), "two");
}

TEST_F(ConfigurationWatch, RulesOfAVariableWinOverTheFile) {
  all = {{"PINHOOK_RULES", "[{name: variable, require: tag, action: warn}]"}};
  open(rule_named("one"));
  write(rule_named("two"));
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(rule_in_use(), "variable");
}

TEST_F(ConfigurationWatch, TheFileMayBeNamedByAVariable) {
  all = {{"PINHOOK_CONFIG", write(rule_named("one"))}};
  open();
  write(rule_named("two"));
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(rule_in_use(), "two");
}

// As the kubelet does: the file is a link through a directory "..data", which is another link.
TEST_F(ConfigurationWatch, TakesAChangeOfTheDirectoryBehindALink) {
  const auto generation = [&](const std::string& name, const std::string& text) {
    fs::create_directory(folder.path() / name);
    folder.write(name + "/pinhook.yaml", text);
    fs::create_symlink(name, folder.path() / "..new");
    fs::rename(folder.path() / "..new", folder.path() / "..data");
  };
  generation("..1", rule_named("one"));
  fs::create_symlink("..data/pinhook.yaml", folder.path() / "pinhook.yaml");
  choice.file = (folder.path() / "pinhook.yaml").string();
  open();
  generation("..2", rule_named("two"));
  taken();
  EXPECT_EQ(rule_in_use(), "two");
}

TEST(IsLive, RulesHelpAndPinningAlone) {
  std::vector<std::string> live;
  for (const config::setting& row : config::setting_table())
    if (is_live(row.key)) live.emplace_back(row.key);
  EXPECT_THAT(live, ::testing::UnorderedElementsAre("rules", "verifiers", "help", "pin.format", "pin.updates",
                                                    "pin.kinds", "pin.custom_resources", "pin.foreign_controllers",
                                                    "pin.excluded_namespaces"));
}

// Verifiers name files: settings that are valid by themselves may not be usable.
TEST_F(ConfigurationWatch, WhatCannotBeAcceptedChangesNothing) {
  open("pin: {updates: keep}");
  write("pin: {updates: refresh}");
  accepted = fail(error_code::invalid_input, "verifier acme: cosign.keys[0]: no such file");
  EXPECT_THAT(refused(), AllOf(HasSubstr("pinhook.yaml"), HasSubstr("verifier acme: cosign.keys[0]: no such file")));
  accepted = {};
  write("pin: {updates: refresh} # again");
  EXPECT_THAT(taken(), IsEmpty());
}

}  // namespace
}  // namespace pinhook::webhook
