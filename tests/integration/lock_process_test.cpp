// `pinhook serve` as a real process with a lock file: locked images cost no request, a changed file is loaded without a
// restart, a broken one is not.
#include "support/serve_process.hpp"

#include <pinhook/files/lock_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string digest_of(char digit) { return "sha256:" + std::string(64, digit); }

class LockProcess : public ServeProcess {
 protected:
  // "/a:1" is an image of the registry of this test.
  std::string write_lock(const std::vector<std::pair<std::string, char>>& images) {
    files::lock_file lock;
    for (const auto& [name, digit] : images)
      lock.images.put(registry::reference::parse(registry_.host() + name).value(),
                      {registry::digest::parse(digest_of(digit)).value(), {}});
    return files_.write("pinhook.lock", files::write_lock(lock));
  }

  void start_with(const std::string& file) {
    environment_.push_back("PINHOOK_LOCK_FILE=" + file);
    start();
  }

  demo::review_answer ask(const std::string& target = "/v1/pin/enforce?timeout=10s") {
    https_client c(port_);
    return answer(c.ask(review_request(target)));
  }
  std::string pinned_image() { return demo::images_of(ask().object).at(0).image; }
  std::string image_with(char digit) { return registry_.host() + "/a@" + digest_of(digit); }
};

TEST_F(LockProcess, AnswersFromTheLockWithoutAnyRequest) {
  start_with(write_lock({{"/a:1", '1'}}));
  EXPECT_EQ(pinned_image(), image_with('1'));
  EXPECT_TRUE(registry_.requests().empty());
  EXPECT_THAT(process_->wait_for_error_line("\"admission\""), HasSubstr("(lock)"));
  EXPECT_THAT(admin("/metrics", 200), AllOf(HasSubstr(R"(pinhook_slots_total{outcome="pinned",source="lock"} 1)"),
                                            HasSubstr("pinhook_lock_images 1"),
                                            HasSubstr(R"(pinhook_lock_reloads_total{result="failure"} 0)")));
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(LockProcess, AsksTheRegistryForWhatIsNotLocked) {
  start_with(write_lock({{"/b:1", '1'}}));
  EXPECT_EQ(pinned_image(), registry_.host() + "/a@" + some_digest);
  EXPECT_EQ(registry_.requests("HEAD", "/v2/a/manifests/1").size(), 1U);
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(LockProcess, RefusesWhatMustBeLockedAndIsNot) {
  environment_.emplace_back("PINHOOK_LOCK_REQUIRED=true");
  start_with(write_lock({{"/b:1", '1'}}));
  const auto denied = ask();
  EXPECT_FALSE(denied.allowed);
  EXPECT_THAT(
      denied.message,
      HasSubstr(registry_.host() + "/a:1 is not in the lock file. Ask those who keep the lock file to add the image"));
  const auto easy = ask("/v1/pin/best-effort");
  EXPECT_TRUE(easy.allowed);
  EXPECT_EQ(easy.warnings.size(), 1U);
  EXPECT_TRUE(registry_.requests().empty());
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(LockProcess, TakesAChangedFileAndKeepsTheOldOneWhenItIsBroken) {
  const std::string file = write_lock({{"/a:1", '1'}});
  start_with(file);
  EXPECT_EQ(pinned_image(), image_with('1'));
  write_lock({{"/a:1", '2'}});
  process_->wait_for_error_line("the changed lock file is in use");
  EXPECT_EQ(pinned_image(), image_with('2'));

  files_.write("pinhook.lock", "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages: nothing\n");
  EXPECT_THAT(process_->wait_for_error_line("the old one stays"),
              AllOf(HasSubstr("\"error\""), HasSubstr(file + ": line 3, column 9: ")));
  EXPECT_EQ(pinned_image(), image_with('2'));
  EXPECT_THAT(admin("/metrics", 200), AllOf(HasSubstr(R"(pinhook_lock_reloads_total{result="failure"} 1)"),
                                            HasSubstr(R"(pinhook_lock_reloads_total{result="success"} 1)")));
  EXPECT_TRUE(registry_.requests().empty());
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(LockProcess, DoesNotStartWithAFileThatIsNoGood) {
  const auto run_with = [&](const std::string& file) {
    return run_program(arguments(), {"PINHOOK_LOCK_FILE=" + file});
  };
  const std::string file = files_.write("pinhook.lock", "apiVersion: pinhook.dev/v1\nkind: ImageLock\n");
  const auto broken = run_with(file);
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_EQ(broken.errors, "pinhook: lock.file: " + file + ": line 1, column 1: images is missing\n");
  const auto missing = run_with(file + ".none");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("cannot read " + file + ".none: No such file or directory"));
  const auto alone = run_program(arguments(), {"PINHOOK_LOCK_REQUIRED=true"});
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.errors, HasSubstr("lock.required is set without lock.file"));
}

}  // namespace
}  // namespace pinhook::testing
