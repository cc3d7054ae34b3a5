#include <pinhook/config/configuration_source.hpp>

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::config {
namespace {

using ::testing::HasSubstr;

class SettingsFor : public ::testing::Test {
 protected:
  settings found(const configuration_choice& choice, const environment& all) {
    auto out = settings_for(choice, all);
    if (!out) {
      ADD_FAILURE() << out.error().message;
      return {};
    }
    return out->values;
  }

  configuration_choice with_file(std::string_view text) {
    configuration_choice choice;
    choice.file = files_.write("pinhook.yaml", text).string();
    return choice;
  }

  testing::temporary_directory files_;
};

TEST_F(SettingsFor, TakesTheFileThenVariablesThenFlags) {
  auto choice = with_file("threads: 1\nnamespace: file\nlog: {level: debug}\n");
  choice.flags.push_back({"--threads", "threads", "3"});
  const auto s = found(choice, {{"PINHOOK_THREADS", "2"}, {"PINHOOK_NAMESPACE", "variable"}});
  EXPECT_EQ(s.threads, 3U);
  EXPECT_EQ(s.own_namespace, "variable");
  EXPECT_EQ(s.log.level, log::level::debug);
}

TEST_F(SettingsFor, TheFileMayBeNamedByAVariable) {
  const auto file = files_.write("other.yaml", "threads: 5\n").string();
  EXPECT_EQ(found({}, {{"PINHOOK_CONFIG", file}}).threads, 5U);
  EXPECT_EQ(found(with_file("threads: 6\n"), {{"PINHOOK_CONFIG", file}}).threads, 6U) << "the flag wins";
}

TEST_F(SettingsFor, AnEmptyFileIsNoError) { EXPECT_EQ(render(found(with_file(""), {})), render(settings{})); }

TEST_F(SettingsFor, TakesWhatIsOpenFromWhereItRuns) {
  const environment all{{"POD_NAMESPACE", "pod"}};
  EXPECT_EQ(found({}, all).own_namespace, "pod");
  EXPECT_EQ(found(with_file("namespace: mine\n"), all).own_namespace, "mine");
}

// A reload runs on the thread that serves, which must read no file.
TEST_F(SettingsFor, ReadsTheFileOfThePodsNamespaceOnce) {
  auto choice = with_file("threads: 1\n");
  choice.namespace_file = files_.write("namespace", "shop\n").string();
  const auto from = open_configuration(choice, {});
  ASSERT_TRUE(from) << from.error().message;
  files_.write("namespace", "other\n");
  const auto read = from->settings("threads: 2\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->values.own_namespace, "shop");
  EXPECT_EQ(found(choice, {{"POD_NAMESPACE", "pod"}}).own_namespace, "pod");
  choice.namespace_file += ".none";
  EXPECT_EQ(found(choice, {}).own_namespace, "");
  choice.namespace_file.clear();
  EXPECT_EQ(found(choice, {}).own_namespace, "");
  EXPECT_EQ(found(choice, {{"POD_NAMESPACE", "pod"}}).own_namespace, "pod");
}

TEST_F(SettingsFor, SaysWhichFileItCannotRead) {
  configuration_choice choice;
  choice.file = files_.path().string() + "/none.yaml";
  const auto missing = settings_for(choice, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, error_code::invalid_input);
  EXPECT_THAT(missing.error().message, HasSubstr(choice.file));
  choice.file = files_.path().string();
  EXPECT_FALSE(settings_for(choice, {})) << "a directory";
  const auto large = settings_for(with_file(std::string(max_configuration_size + 1, '\n')), {});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, error_code::invalid_input);
  EXPECT_TRUE(settings_for(with_file(std::string(max_configuration_size, '\n')), {}));
}

TEST_F(SettingsFor, NamesTheFlagThatDoesNotFit) {
  configuration_choice choice;
  choice.flags.push_back({"--listen", "listen", "here"});
  const auto bad = settings_for(choice, {});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("--listen: \"here\""));
}

TEST_F(SettingsFor, RefusesAVariableOfNoSetting) {
  const auto bad = settings_for({}, {{"PINHOOK_TREADS", "1"}});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("PINHOOK_TREADS"));
}

}  // namespace
}  // namespace pinhook::config
