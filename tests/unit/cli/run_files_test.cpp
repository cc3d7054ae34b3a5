#include <pinhook/cli/run_files.hpp>

#include "support/certificates.hpp"
#include "support/fake_digests.hpp"
#include "support/made_rules.hpp"

#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/pin_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

using pinhook::testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The registry has 'b' for nginx:1.25; 'a' is signed for it.
class trusted_digests final : public access::digest_source {
 public:
  explicit trusted_digests(std::vector<std::string>& verified) : verified_(verified) {}
  std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override {
    return std::vector<result<registry::digest>>(refs.size(), digest_of_digit('b'));
  }
  result<std::vector<rules::proofs>> prove(const std::vector<rules::proof_request>& requests) override {
    std::vector<rules::proofs> out;
    for (const auto& one : requests) {
      verified_.push_back(one.image.written());
      const bool is_signed = *one.image.digest() == digest_of_digit('a');
      rules::proof answer{.is_given = is_signed, .seen = 1};
      if (!is_signed) answer.signed_digest = digest_of_digit('a').to_string();
      out.push_back({{one.questions.front(), std::move(answer)}});
    }
    return out;
  }

 private:
  std::vector<std::string>& verified_;
};

// Content Trust also resolves: what was signed for a tag is written, whatever its registry has.
TEST(RunFiles, WritesTheDigestThatWasSignedForATag) {
  const testing::temporary_directory files;
  const std::string head = "kind: Pod\napiVersion: v1\nspec:\n  containers:\n    - name: web\n      image: ";
  const std::string path = files.write("a.yaml", head + "nginx:1.25\n").string();
  auto legacy = testing::made_rule("own");
  legacy.demands.push_back({.requirement = rules::requirement::signed_by, .verifiers = {{"legacy"}}});
  legacy.action = rules::action::deny;
  pipeline::pin_run_options options{.target = pipeline::run_target::in_place};
  options.orders.set = testing::made_rules({legacy});
  const files::image_places places;
  auto inputs = pipeline::read_inputs({path}, places);
  ASSERT_TRUE(inputs);
  pipeline::pin_run run(std::move(options), std::move(*inputs), places);
  std::vector<std::string> verified;
  ::testing::internal::CaptureStderr();
  const int code = run_files({"pin"}, run, [&]() -> result<std::unique_ptr<access::digest_source>> {
    return std::make_unique<trusted_digests>(verified);
  });
  const std::string errors = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(code, exit_good) << errors;
  EXPECT_THAT(errors, HasSubstr("pinhook pin: nginx:1.25 is signed to be sha256:aaaa"));
  EXPECT_THAT(verified, ElementsAre("nginx:1.25@" + digest_of_digit('b').to_string(),
                                    "nginx:1.25@" + digest_of_digit('a').to_string()));
  std::ifstream in(path, std::ios::binary);
  const std::string after{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(after, head + "nginx@" + digest_of_digit('a').to_string() + " # nginx:1.25\n");
}

// A registry that takes its time, in which somebody does `meanwhile`.
class slow_digests final : public access::digest_source {
 public:
  explicit slow_digests(std::function<void()> meanwhile) : meanwhile_(std::move(meanwhile)) {}
  std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override {
    meanwhile_();
    return std::vector<result<registry::digest>>(refs.size(), digest_of_digit('b'));
  }
  result<std::vector<rules::proofs>> prove(const std::vector<rules::proof_request>&) override {
    return fail(error_code::unsupported, "");
  }

 private:
  std::function<void()> meanwhile_;
};

struct RunFilesWritten : ::testing::Test {
  testing::temporary_directory files;
  std::string head = "kind: Pod\napiVersion: v1\nspec:\n  containers:\n    - name: web\n      image: ";
  std::string before = head + "nginx:1.25\n";
  std::string after = head + "nginx@" + digest_of_digit('b').to_string() + " # nginx:1.25\n";
  std::string errors;

  // Pins all files in place; returns the exit code.
  int pin(std::vector<std::string> paths, bool keeps_going, std::function<void()> meanwhile) {
    const files::image_places places;
    auto inputs = pipeline::read_inputs(paths, places);
    if (!inputs) return -1;
    pipeline::pin_run_options options{.target = pipeline::run_target::in_place, .keeps_going = keeps_going};
    pipeline::pin_run run(std::move(options), std::move(*inputs), places);
    ::testing::internal::CaptureStderr();
    const int code = run_files({.command = "pin", .keeps_going = keeps_going}, run,
                               [&]() -> result<std::unique_ptr<access::digest_source>> {
                                 return std::make_unique<slow_digests>(std::move(meanwhile));
                               });
    errors = ::testing::internal::GetCapturedStderr();
    return code;
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(RunFilesWritten, AreThoseThatStayedAsTheyWereRead) {
  const std::string first = files.write("a.yaml", before).string();
  const std::string edited = files.write("b.yaml", before).string();
  const std::string last = files.write("c.yaml", before).string();
  const auto edit = [&] { files.write("b.yaml", before + "# saved while registries were asked\n"); };
  EXPECT_EQ(pin({first, edited, last}, false, edit), exit_failed);
  EXPECT_EQ(errors, "pinhook pin: " + edited + " was changed after it was read; run it again; no file is written\n");
  EXPECT_EQ(read(first), before);
  EXPECT_EQ(read(edited), before + "# saved while registries were asked\n");
  EXPECT_EQ(read(last), before);

  files.write("b.yaml", before);
  EXPECT_EQ(pin({first, edited, last}, true, edit), exit_failed);
  EXPECT_EQ(errors,
            "pinhook pin: " + edited + " was changed after it was read; run it again; 2 of 3 files are written\n");
  EXPECT_EQ(read(first), after);
  EXPECT_EQ(read(edited), before + "# saved while registries were asked\n");
  EXPECT_EQ(read(last), after);
}

TEST_F(RunFilesWritten, AreNoneWhenTheCommandIsEnded) {
  const std::string path = files.write("a.yaml", before).string();
  sigset_t term;
  sigset_t held;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &term, &held), 0);
  EXPECT_EQ(pin({path}, false, [] { ::raise(SIGTERM); }), exit_failed);
  const timespec at_once{};
  EXPECT_EQ(sigtimedwait(&term, nullptr, &at_once), SIGTERM) << "the signal waits until all is undone";
  pthread_sigmask(SIG_SETMASK, &held, nullptr);
  EXPECT_EQ(read(path), before);
  EXPECT_EQ(pin({path}, false, [] {}), exit_good);
  EXPECT_EQ(read(path), after);
}

}  // namespace
}  // namespace pinhook::cli
