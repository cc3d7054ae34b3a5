#include <pinhook/cli/run_files.hpp>

#include "support/certificates.hpp"
#include "support/fake_digests.hpp"
#include "support/made_rules.hpp"

#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/pin_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
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

}  // namespace
}  // namespace pinhook::cli
