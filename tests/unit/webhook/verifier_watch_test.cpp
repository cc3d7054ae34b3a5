#include <pinhook/webhook/verifier_watch.hpp>

#include "support/certificates.hpp"
#include "support/signature_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

namespace pinhook::webhook {
namespace {

using ::testing::HasSubstr;

struct VerifierWatch : ::testing::Test {
  testing::temporary_directory folder;
  server::metrics numbers;
  verifier_watch::verifiers in_use;
  std::string key = testing::signature_file("cosign3-two-keys", "k2.pub");

  signatures::verifier_setting setting(const std::string& file) {
    signatures::cosign_setting by;
    by.keys = {(folder.path() / file).string()};
    return {"acme", std::move(by), {}};
  }
  result<std::unique_ptr<verifier_watch>> open(verifier_watch::settings s) {
    return verifier_watch::open(
        std::move(s), [this](verifier_watch::verifiers all) { in_use = std::move(all); }, numbers);
  }
};

TEST_F(VerifierWatch, LoadsAndLoadsAgainWhenAFileChanges) {
  folder.write("key.pub", key);
  auto watch = open({setting("key.pub")});
  ASSERT_TRUE(watch) << watch.error().message;
  ASSERT_EQ(in_use->size(), 1U);
  const std::string before = in_use->front().content;
  EXPECT_EQ((*watch)->take_if_changed((*watch)->look()), false);
  folder.write("key.pub", testing::signature_file("cosign3-key-p256", "k1.pub") + "\n" + key);
  const auto changed = (*watch)->take_if_changed((*watch)->look());
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_TRUE(*changed);
  EXPECT_NE(in_use->front().content, before) << "what is held of the old one must not count";
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_verifier_reloads_total{result=\"success\"} 1\n"));
}

TEST_F(VerifierWatch, InvalidFilesNeverReplaceGoodOnes) {
  folder.write("key.pub", key);
  auto watch = open({setting("key.pub")});
  ASSERT_TRUE(watch) << watch.error().message;
  const auto good = in_use;
  folder.write("key.pub", "no key");
  const auto changed = (*watch)->take_if_changed((*watch)->look());
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("acme"));
  EXPECT_EQ((*watch)->take_if_changed((*watch)->look()), false) << "the same trouble is reported once";
  std::filesystem::remove(folder.path() / "key.pub");
  EXPECT_FALSE((*watch)->take_if_changed((*watch)->look()));
  EXPECT_EQ(in_use, good);
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_verifier_reloads_total{result=\"failure\"} 2\n"));
}

TEST_F(VerifierWatch, TakesOtherSettingsAsAWholeOrNotAtAll) {
  folder.write("key.pub", key);
  auto watch = open({setting("key.pub")});
  ASSERT_TRUE(watch) << watch.error().message;
  const auto good = in_use;
  auto second = setting("key.pub");
  second.name = "second";
  const auto refused = (*watch)->take({setting("key.pub"), setting("missing.pub")});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("missing.pub"));
  EXPECT_EQ(in_use, good);
  EXPECT_TRUE((*watch)->take({setting("key.pub")}));
  EXPECT_EQ(in_use, good) << "nothing has changed";
  ASSERT_TRUE((*watch)->take({setting("key.pub"), second}));
  EXPECT_EQ(in_use->size(), 2U);
  EXPECT_EQ((*watch)->take_if_changed((*watch)->look()), false) << "the files are those of the new settings";
}

TEST_F(VerifierWatch, AMissingFilePreventsTheStart) {
  const auto watch = open({setting("missing.pub")});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code, error_code::invalid_input);
  EXPECT_THAT(watch.error().message, HasSubstr("missing.pub"));
}

TEST_F(VerifierWatch, NoVerifiersAreFine) {
  auto watch = open({});
  ASSERT_TRUE(watch);
  EXPECT_TRUE(in_use->empty());
  EXPECT_EQ((*watch)->take_if_changed((*watch)->look()), false);
}

}  // namespace
}  // namespace pinhook::webhook
