#include <pinhook/registry/platform.hpp>

#include "client_world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const refused_request about{"registry r.example", "\"acme/api:v1\"", "", false};

std::string digest_of(char digit) { return "sha256:" + std::string(64, digit); }

std::string entry(char digit, const std::string& platform, const std::string& type = "") {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":7{}}})",
                     type.empty() ? "application/vnd.oci.image.manifest.v1+json" : type, digest_of(digit),
                     platform.empty() ? "" : R"(,"platform":)" + platform);
}

std::string index_of(const std::vector<std::string>& entries) {
  return fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", fmt::join(entries, ","));
}

std::string named(const std::string& os, const std::string& architecture, const std::string& variant = "") {
  return fmt::format(R"({{"os":"{}","architecture":"{}"{}}})", os, architecture,
                     variant.empty() ? "" : fmt::format(R"(,"variant":"{}")", variant));
}

// The digit of the digest that was chosen, "index 3" or "unnamed 3" where it must be looked into, or the error's code.
std::string chosen(const std::string& text, const std::string& wanted) {
  auto part = part_for(about, text, platform::parse(wanted).value());
  if (const auto* found = std::get_if<index_entry>(&part))
    return fmt::format("{}{}{}", found->is_index ? "index " : "", found->has_platform ? "" : "unnamed ",
                       found->digest.hex().substr(0, 1));
  if (const auto* config = std::get_if<ask_configuration>(&part)) return "configuration " + config->digest.to_string();
  return std::string(to_string(std::get<error>(part).code));
}

// --- The words ---

TEST(Platform, ReadsOneNameForEachPlatform) {
  for (const auto& [text, name] : std::vector<std::pair<std::string, std::string>>{
           {"linux/amd64", "linux/amd64"},
           {"Linux/AMD64", "linux/amd64"},
           {"linux/x86_64", "linux/amd64"},
           {"linux/x86-64", "linux/amd64"},
           {"linux/amd64/v1", "linux/amd64"},
           {"linux/amd64/v3", "linux/amd64/v3"},
           {"linux/aarch64", "linux/arm64"},
           {"linux/arm64/v8", "linux/arm64"},
           {"linux/arm64/8", "linux/arm64"},
           {"linux/arm", "linux/arm"},
           {"linux/arm/v7", "linux/arm"},
           {"linux/arm/7", "linux/arm"},
           {"linux/arm/v6", "linux/arm/v6"},
           {"linux/armhf", "linux/arm"},
           {"linux/armel", "linux/arm/v6"},
           {"linux/i386", "linux/386"},
           {"macos/arm64", "darwin/arm64"},
           {"windows/amd64", "windows/amd64"},
           {"linux/ppc64le/power9", "linux/ppc64le/power9"},
       }) {
    const auto read = platform::parse(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->to_string(), name) << text;
    EXPECT_EQ(platform::parse(read->to_string()).value(), *read) << text;
  }
}

TEST(Platform, RefusesWhatIsNone) {
  for (const std::string text : {"", "linux", "/", "linux/", "/amd64", "linux/amd64/", "linux//v8", "linux/arm/v7/x",
                                 "linux/amd 64", "linux/amd64\n", "linux/ämd64", "windows(10.0)/amd64"}) {
    const auto read = platform::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, error_code::invalid_input);
    EXPECT_THAT(read.error().message, HasSubstr("linux/arm64"));
  }
}

TEST(Platform, LimitsTheLengthOfItsWords) {
  const std::string most = "linux/" + std::string(max_platform_size - 6, 'a');
  EXPECT_TRUE(platform::parse(most));
  EXPECT_FALSE(platform::parse(most + "a"));
}

// --- Choosing ---

TEST(Platform, ChoosesTheEntryThatFitsBest) {
  const std::string all = index_of({
      entry('1', named("linux", "amd64")),
      entry('2', named("linux", "arm", "v5")),
      entry('3', named("linux", "arm", "v7")),
      entry('4', named("linux", "arm64", "v8")),
      entry('5', named("linux", "386")),
      entry('6', named("windows", "amd64")),
      entry('7', named("linux", "ppc64le", "power9")),
      entry('8', named("linux", "amd64", "v3")),
      entry('9', named("linux", "arm", "v6")),
  });
  for (const auto& [wanted, digit] : std::vector<std::pair<std::string, std::string>>{
           {"linux/amd64", "1"},         {"linux/amd64/v2", "1"},       {"linux/amd64/v3", "8"},
           {"linux/amd64/v4", "8"},      {"linux/arm64", "4"},          {"linux/arm64/v8", "4"},
           {"linux/arm64/v8.2", "4"},    {"linux/arm64/v9", "4"},       {"linux/arm", "3"},
           {"linux/arm/v7", "3"},        {"linux/arm/v8", "3"},         {"linux/arm/v6", "9"},
           {"linux/arm/v5", "2"},        {"linux/arm/v4", "not_found"}, {"linux/386", "5"},
           {"windows/amd64", "6"},       {"linux/ppc64le/power9", "7"}, {"linux/ppc64le", "not_found"},
           {"linux/s390x", "not_found"}, {"darwin/amd64", "not_found"},
       })
    EXPECT_EQ(chosen(all, wanted), digit) << wanted;
}

TEST(Platform, TakesTheFirstOfEqualEntries) {
  EXPECT_EQ(chosen(index_of({entry('1', named("linux", "arm64", "v8")), entry('2', named("linux", "arm64")),
                             entry('3', named("linux", "aarch64"))}),
                   "linux/arm64"),
            "1");
}

TEST(Platform, PassesOverWhatIsNoImageOfAPlatform) {
  EXPECT_EQ(chosen(index_of({entry('1', named("unknown", "unknown")), entry('2', ""), "7", R"({"platform":[]})",
                             entry('4', named("linux", "amd64"))}),
                   "linux/amd64"),
            "4");
}

// containerd, core/images/image.go: entries of the platform first, in their order of fitness; then those without one.
TEST(Platform, LooksIntoAnIndexWithinTheIndex) {
  const auto unnamed = [](char digit) { return entry(digit, "", oci_index); };
  const auto amd64 = named("linux", "amd64");
  for (const auto& [entries, choice] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{unnamed('1')}, "index unnamed 1"},
           {{unnamed('1'), unnamed('2')}, "index unnamed 1"},
           {{unnamed('1'), entry('2', amd64)}, "2"},
           {{unnamed('1'), entry('2', named("linux", "arm64"))}, "index unnamed 1"},
           {{entry('1', amd64, oci_index), entry('2', amd64)}, "index 1"},
           {{entry('1', named("linux", "arm64"), oci_index), unnamed('2')}, "index unnamed 2"},
           {{entry('1', ""), unnamed('2')}, "unnamed 1"},
           {{entry('1', "null"), unnamed('2')}, "unnamed 1"},
           {{entry('1', "", "application/vnd.example+json"), unnamed('2')}, "index unnamed 2"},
           {{entry('1', named("unknown", "unknown"), oci_index)}, "not_found"},
       })
    EXPECT_EQ(chosen(index_of(entries), "linux/amd64"), choice) << index_of(entries);
}

TEST(Platform, SaysWhichThereAre) {
  std::vector<std::string> entries{entry('1', named("linux", "amd64")), entry('2', named("linux", "x86_64")),
                                   entry('3', named("unknown", "unknown"))};
  const auto message = [&] {
    return std::get<error>(part_for(about, index_of(entries), platform::parse("linux/s390x").value())).message;
  };
  EXPECT_EQ(message(), R"(registry r.example has "acme/api:v1" for linux/amd64, not for linux/s390x)");
  for (std::size_t i = 1; i < max_listed_platforms; ++i)
    entries.push_back(entry('4', named("os" + std::to_string(i), "a")));
  EXPECT_THAT(message(), HasSubstr("os19/a, not for"));
  entries.push_back(entry('4', named("one\\nmore", "a")));
  EXPECT_THAT(message(), HasSubstr("os19/a and 1 more, not for"));
  entries.clear();
  EXPECT_THAT(message(), HasSubstr("names no platform"));
}

TEST(Platform, RefusesWhatItCannotRead) {
  EXPECT_EQ(chosen("{", "linux/amd64"), "malformed");
  EXPECT_EQ(chosen("[]", "linux/amd64"), "malformed");
  EXPECT_EQ(chosen(R"({"layers":[]})", "linux/amd64"), "malformed");
  EXPECT_EQ(chosen(R"({"config":{"digest":"sha256:12"},"layers":[]})", "linux/amd64"), "malformed");
  EXPECT_EQ(chosen(R"({"manifests":[{"digest":"x","platform":{"os":"linux","architecture":"amd64"}}]})", "linux/amd64"),
            "malformed");
}

TEST(Platform, AsksForTheConfigurationOfASingleImage) {
  EXPECT_EQ(chosen(R"({"config":{"digest":")" + digest_of('c') + R"("},"layers":[]})", "linux/amd64"),
            "configuration " + digest_of('c'));
}

TEST(Platform, ReadsTheConfigurationOfASingleImage) {
  const auto check = [](const std::string& text, const std::string& wanted, std::optional<digest> by = {}) {
    const auto good = check_configuration(about, text, by.value_or(digest::of(text)), platform::parse(wanted).value());
    return good ? std::string("good") : std::string(to_string(good.error().code)) + ": " + good.error().message;
  };
  const std::string text = R"({"architecture":"arm64","os":"linux","variant":"v8"})";
  EXPECT_EQ(check(text, "linux/arm64"), "good");
  EXPECT_EQ(check(text, "linux/amd64"),
            R"(not_found: registry r.example has "acme/api:v1" as one image for linux/arm64, not for linux/amd64)");
  EXPECT_THAT(check("{}", "linux/arm64"), HasSubstr("not_found"));
  EXPECT_THAT(check("{", "linux/arm64"), HasSubstr("malformed"));
  EXPECT_THAT(check(text, "linux/arm64", digest::of("other")), HasSubstr("broken or lies"));
}

// --- The client that asks for it ---

class PlatformClient : public RegistryClient {
 protected:
  PlatformClient() { options.of_platform = platform::parse("linux/arm64").value(); }

  static http::response served(const std::string& text, const std::string& type) {
    return respond(200, {{"Content-Type", type}}, text);
  }
  const std::string config_ = R"({"architecture":"arm64","os":"linux"})";
  const std::string image_ =
      fmt::format(R"({{"schemaVersion":2,"config":{{"digest":"{}"}},"layers":[]}})", digest::of(config_).to_string());
  const std::string index_ = index_of({entry('1', named("linux", "amd64")), entry('2', named("linux", "arm64"))});
  const std::string blob_line_ = "GET https://r.example/v2/acme/api/blobs/" + digest::of(config_).to_string();
  const std::string oci_image_ = "application/vnd.oci.image.manifest.v1+json";
};

TEST_F(PlatformClient, TakesItOutOfTheIndexWithOneRequest) {
  http.reply(get_line, served(index_, oci_index));
  EXPECT_EQ(ask(), digest_of('2'));
  EXPECT_THAT(http.lines(), ElementsAre(get_line));
}

TEST_F(PlatformClient, DoesNotTakeItOutOfAnIndexThatIsNotTheOneAskedFor) {
  http.reply("GET *", served(index_, oci_index));
  EXPECT_EQ(ask("r.example/acme/api@" + digest_of('a')), "malformed");
  EXPECT_EQ(ask("r.example/acme/api@" + digest::of(index_).to_string()), digest_of('2'));
}

TEST_F(PlatformClient, ReadsASingleImagesConfigurationWithTheSameToken) {
  http.reply(get_line, challenged());
  http.reply(get_line, served(image_, oci_image_));
  http.reply(token_line, token_reply("t1"));
  http.reply(blob_line_, served(config_, "application/octet-stream"));
  EXPECT_EQ(ask(), digest::of(image_).to_string());
  EXPECT_THAT(shown(), ElementsAre("r.example -", "auth.example -", "r.example Bearer t1", "r.example Bearer t1"));
}

TEST_F(PlatformClient, FollowsTheConfigurationToWhereItIsStored) {
  http.reply(get_line, served(image_, oci_image_));
  http.reply(blob_line_, respond(307, {{"Location", "https://cdn.example/blob"}}));
  http.reply("GET https://cdn.example/blob", served(config_, "application/octet-stream"));
  EXPECT_EQ(ask("r.example/acme/api:v1", {credential_kind::registry_token, "", secret("hidden-token"), "x", "x"}),
            digest::of(image_).to_string());
  expect_kept("hidden-token", {"r.example"});
}

TEST_F(PlatformClient, FailsAtEachStep) {
  struct row {
    http::response manifest, blob;
    std::string code;
  };
  const auto good = served(image_, oci_image_);
  for (const auto& [manifest, blob, code] : std::vector<row>{
           {respond(404), {}, "not_found"},
           {respond(403), {}, "denied"},
           {served("no manifest", oci_index), {}, "malformed"},
           {served(index_of({}), oci_index), {}, "not_found"},
           {good, respond(404), "not_found"},
           {good, respond(429, {{"Retry-After", "7"}}), "rate_limited"},
           {good, respond(500), "unavailable"},
           {good, served("other bytes", "application/json"), "malformed"},
       }) {
    client_.reset();
    http.forget(get_line);
    http.forget(blob_line_);
    http.reply(get_line, manifest);
    http.reply(blob_line_, blob);
    EXPECT_EQ(ask(), code);
  }
}

TEST_F(PlatformClient, WalksIntoIndexesWithinIndexes) {
  const auto holding = [](const std::string& inner, const std::string& type) {
    return fmt::format(R"({{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{}","size":7}}]}})", type,
                       digest::of(inner).to_string());
  };
  const auto by_digest = [](const std::string& text) {
    return "GET https://r.example/v2/acme/api/manifests/" + digest::of(text).to_string();
  };
  const std::string outer = holding(index_, oci_index);
  http.reply(get_line, served(outer, oci_index));
  http.reply(by_digest(index_), served(index_, oci_index));
  EXPECT_EQ(ask(), digest_of('2'));
  EXPECT_THAT(http.lines(), ElementsAre(get_line, by_digest(index_)));

  // An image without a platform: its configuration says.
  client_.reset();
  const std::string plain = holding(image_, oci_image_);
  http.forget(get_line);
  http.reply(get_line, served(plain, oci_index));
  http.reply(by_digest(image_), served(image_, oci_image_));
  http.reply(blob_line_, served(config_, "application/json"));
  EXPECT_EQ(ask(), digest::of(image_).to_string());

  // Other bytes than the outer index names.
  client_.reset();
  http.forget(get_line);
  http.forget(by_digest(index_));
  http.reply(get_line, served(outer, oci_index));
  http.reply(by_digest(index_), served(plain, oci_index));
  EXPECT_EQ(ask(), "malformed");
}

TEST_F(PlatformClient, ReadsNoMoreOfAConfigurationThanOfAManifest) {
  http.reply(get_line, served(image_, oci_image_));
  http.reply(blob_line_, served(config_, "application/json"));
  EXPECT_EQ(ask(), digest::of(image_).to_string());
  EXPECT_EQ(http.requests().back().limits.body, max_manifest_size);
}

}  // namespace
}  // namespace pinhook::registry
