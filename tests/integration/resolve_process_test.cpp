// `pinhook resolve` as a process: its output on each stream, its exit code, and the requests at the registry.
#include "support/child_process.hpp"
#include "support/paths.hpp"
#include "support/serve_process.hpp"
#include "support/strict_json.hpp"

#include <pinhook/base/printable.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ResolveProcess : public ServeProcess {
 protected:
  ResolveProcess() {
    environment_.emplace_back("PINHOOK_CLOUDS=[]");
    environment_.push_back("HOME=" + files_.path().string());
  }

  program_result resolve(std::vector<std::string> words) const {
    words.insert(words.begin(), "resolve");
    return run_program(std::move(words), environment_);
  }
  std::string image(const std::string& rest) const { return registry_.host() + "/" + rest; }
};

TEST_F(ResolveProcess, PrintsOnePinALineInOrder) {
  registry_.on("HEAD", "/v2/b/manifests/latest",
               {.headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                            {"Docker-Content-Digest", "sha256:" + std::string(64, 'b')}}});
  const auto seen = resolve({image("b"), image("a:1"), image("b:latest")});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  const std::string b = image("b@sha256:") + std::string(64, 'b') + "\n";
  EXPECT_EQ(seen.output, b + image("a@") + some_digest + "\n" + b);
  EXPECT_EQ(seen.errors, "");
  EXPECT_EQ(registry_.requests().size(), 2U) << "equal references are looked up once";
}

TEST_F(ResolveProcess, WritesPinsAsConfigured) {
  environment_.emplace_back("PINHOOK_PIN_FORMAT=tag-and-digest");
  registry_.on("HEAD", "/v2/a/manifests/" + some_digest, digest_reply());
  const auto seen = resolve({image("a:1"), image("a@") + some_digest});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, image("a:1@") + some_digest + "\n" + image("a@") + some_digest + "\n");
}

TEST_F(ResolveProcess, FailsWhenAnyFailsAndPrintsTheOthers) {
  const auto seen = resolve({image("missing:2"), image("a:1")});
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_EQ(seen.output, image("a@") + some_digest + "\n");
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("pinhook resolve: \"" + image("missing:2") +
                                           "\" is not resolved: registry " + registry_.host() + " does not have"),
                                 HasSubstr("Check the name and the tag\n")));
}

TEST_F(ResolveProcess, ChecksThatADigestExists) {
  const std::string gone = "sha256:" + std::string(64, '0');
  const auto seen = resolve({image("a@") + gone});
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_EQ(seen.output, "");
  EXPECT_THAT(seen.errors, HasSubstr(gone));
}

TEST_F(ResolveProcess, RefusesWhatIsNoReferenceBeforeItAsksAnybody) {
  const auto seen = resolve({image("a:1"), "UPPER", "a b", image("a:1")});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(seen.output, "");
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("pinhook resolve: \"UPPER\" is not a valid image reference"),
                                 HasSubstr("\npinhook resolve: \"a b\" is not a valid image reference")));
  EXPECT_EQ(std::ranges::count(seen.errors, '\n'), 2);
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(ResolveProcess, TellsProgramsEverything) {
  const auto seen = resolve({"-o", "json", image("a:1"), image("missing:2")});
  EXPECT_EQ(seen.exit_code, 3);
  const auto read = json::parse(seen.output);
  ASSERT_TRUE(read && read->IsArray() && read->Size() == 2) << seen.output;
  const auto& good = (*read)[0];
  EXPECT_EQ(json::find_string(good, "reference"), image("a:1"));
  EXPECT_EQ(json::find_string(good, "canonical"), image("a:1"));
  EXPECT_EQ(json::find_string(good, "digest"), some_digest);
  EXPECT_EQ(json::find_string(good, "pinned"), image("a@") + some_digest);
  EXPECT_TRUE(good["platform"].IsNull() && good["error"].IsNull());
  const auto& bad = (*read)[1];
  EXPECT_TRUE(bad["digest"].IsNull() && bad["pinned"].IsNull());
  EXPECT_THAT(std::string(json::find_string(bad, "error").value_or("")), HasSubstr("missing:2"));
}

TEST_F(ResolveProcess, IsJsonAndPrintableWhateverARegistrySays) {
  for (int c = 0; c < 0x20; ++c)
    for (const char* method : {"HEAD", "GET"})
      registry_.on(
          method, fmt::format("/v2/a/manifests/c{}", c),
          {.status = 403,
           .body = fmt::format(
               R"({{"errors":[{{"code":"DENIED\u{0:04x}","message":"0123456789a\u{0:04x}\u202e\u0085z"}}]}})", c)});
  std::vector<std::string> arguments{"-o", "json"};
  for (int c = 0; c < 0x20; ++c) arguments.push_back(image(fmt::format("a:c{}", c)));
  const auto seen = resolve(arguments);
  EXPECT_EQ(seen.exit_code, 3);
  const auto read = read_strict_json(seen.output);
  ASSERT_TRUE(read) << seen.output;
  EXPECT_EQ(read->elements.size(), 0x20U);
  EXPECT_TRUE(read->has_text("0123456789a")) << "what the registry says is told";
  for (std::string text : {seen.output, seen.errors}) {
    std::erase(text, '\n');
    EXPECT_EQ(printable(text), text);
  }
}

TEST_F(ResolveProcess, ReadsReferencesFromStandardInput) {
  const std::string list = files_.write("list", "  " + image("a:1") + "\r\n\n" + image("a:1"));
  std::vector<std::pair<std::string, std::string>> variables;
  for (const auto& one : environment_)
    variables.emplace_back(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
  child_options options;
  options.command = {"sh", "-c", "\"$0\" resolve - <\"$1\"; echo \"ended $?\"", testing::program_path(), list};
  options.environment = variables;
  const child_process p(options, "dash");
  EXPECT_EQ(p.wait_for_line("ended"), "ended 0");
  const std::string line = image("a@") + some_digest + "\n";
  EXPECT_THAT(p.output(), HasSubstr(line + line));
}

TEST_F(ResolveProcess, UsesTheCredentialsOfDockersFile) {
  for (const char* method : {"HEAD", "GET"})
    registry_.handle(method, "/v2/a/manifests/1", [](const recorded_request& r) -> reply {
      // "robot:correct-horse-battery"
      if (r.header("Authorization") == "Basic cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5") return digest_reply();
      return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"r\""}}};
    });
  const auto anonymous = resolve({image("a:1")});
  EXPECT_EQ(anonymous.exit_code, 3);
  std::filesystem::create_directories(files_.path() / ".docker");
  files_.write(".docker/config.json",
               R"({"auths":{")" + registry_.host() + R"(":{"auth":"cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}}})");
  const auto seen = resolve({image("a:1")});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, image("a@") + some_digest + "\n");
}

TEST_F(ResolveProcess, AsksAgainWhenTheRegistryHasABadMoment) {
  registry_.on("HEAD", "/v2/a/manifests/1", {.status = 429, .headers = {{"Retry-After", "1"}}}, digest_reply());
  const auto seen = resolve({image("a:1")});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(registry_.requests().size(), 2U);
}

TEST_F(ResolveProcess, OneImageThatTheRegistryFailsAtKeepsNoOtherFromIt) {
  std::vector<std::string> refs{image("broken:1")};
  registry_.on("HEAD", "/v2/broken/manifests/1", {.status = 500});
  registry_.on("GET", "/v2/broken/manifests/1", {.status = 500});
  for (int i = 0; i < 40; ++i) {
    registry_.on("HEAD", fmt::format("/v2/a/manifests/t{}", i), digest_reply());
    refs.push_back(image(fmt::format("a:t{}", i)));
  }
  environment_.emplace_back("PINHOOK_RESOLVER_HOST_CONCURRENCY=2");
  const auto seen = resolve(refs);
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_EQ(std::ranges::count(seen.output, '\n'), 40) << seen.errors;
  EXPECT_EQ(std::ranges::count(seen.errors, '\n'), 1) << seen.errors;
}

TEST_F(ResolveProcess, SaysOnceWhomItCannotReach) {
  const refusing_port closed;
  name_registries({closed.host()});
  const auto seen = resolve({closed.host() + "/a:1"});
  EXPECT_EQ(seen.exit_code, 3);
  EXPECT_THAT(seen.errors, HasSubstr("is not resolved: registry " + closed.host() + ": no connection"));
}

TEST_F(ResolveProcess, EndsAtOnceBySignal) {
  registry_.on("HEAD", "/v2/a/manifests/1", {.act = behaviour::hang});
  process_ = std::make_unique<program>(std::vector<std::string>{"resolve", image("a:1")}, environment_);
  ASSERT_TRUE(registry_.wait_for_requests(1));
  process_->send(SIGINT);
  EXPECT_EQ(process_->wait(), 128 + SIGINT);
  EXPECT_EQ(process_->output() + process_->errors(), "");
}

TEST_F(ResolveProcess, RefusesAPlatformThatIsNone) {
  const auto seen = resolve({"--platform", "linux", image("a:1")});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("pinhook resolve: --platform: \"linux\" is not a valid platform"));
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(ResolveProcess, RefusesAConfigurationThatIsNoGood) {
  const auto seen = resolve({"--config", (files_.path() / "none.yaml").string(), image("a:1")});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("none.yaml"), Not(HasSubstr("\"level\""))));
}

}  // namespace
}  // namespace pinhook::testing
