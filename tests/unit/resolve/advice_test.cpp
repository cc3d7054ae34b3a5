#include <pinhook/resolve/advice.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::resolve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using place = audience::place;

constexpr audience terminal{.at = place::command, .registry = "ghcr.io"};
constexpr audience cluster{.at = place::webhook, .reads_pull_secrets = true};

error failure(error_code code, remedy mended_by = remedy::of_code) { return {code, "why", std::nullopt, mended_by}; }

TEST(Advice, EachCodeHasOneForEachReader) {
  for (int i = 0; i <= static_cast<int>(error_code::internal); ++i)
    for (const audience& reader : {terminal, cluster}) {
      const std::string text = advice_for(failure(static_cast<error_code>(i)), reader);
      EXPECT_FALSE(text.empty()) << i;
      EXPECT_FALSE(text.ends_with('.')) << text;
      EXPECT_LE(text.size(), 200U) << text;
    }
}

TEST(Advice, DependsOnTheReader) {
  const struct {
    remedy mended_by;
    error_code code;
    const char *command, *webhook;
  } rows[] = {
      {remedy::of_code, error_code::unauthorized, "Check the name; for a private image, log in: docker login ghcr.io",
       "Check the name; for a private image, add imagePullSecrets to the Pod or to service account default"},
      {remedy::of_code, error_code::denied, "Check the name; for a private image, log in: docker login ghcr.io",
       "Check the name; for a private image, add imagePullSecrets to the Pod or to service account default"},
      {remedy::name_resolution, error_code::unavailable, "Check the registry's name, and this machine's DNS",
       "Check the registry's name, and the cluster's DNS"},
      {remedy::other_source, error_code::denied,
       "Take it from another registry, or allow this one in pinhook's configuration",
       "Take it from another registry, or have this one allowed"},
      {remedy::configuration, error_code::unavailable, "Correct pinhook's configuration",
       "Ask those who run pinhook to correct its configuration"},
      {remedy::lock_file, error_code::not_found, "Run pinhook lock, and roll the file out",
       "Ask those who keep the lock file to add the image"},
      {remedy::in_message, error_code::denied, "", ""},
      {remedy::of_code, error_code::not_found, "Check the name and the tag", "Check the name and the tag"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(advice_for(failure(row.code, row.mended_by), terminal), row.command);
    EXPECT_EQ(advice_for(failure(row.code, row.mended_by), cluster), row.webhook);
  }
}

// Nobody who applies an object in a cluster can run pinhook, or read and change its files.
TEST(Advice, InAClusterItNamesNoCommandAndNoFile) {
  for (int i = 0; i <= static_cast<int>(error_code::internal); ++i)
    for (int r = 0; r <= static_cast<int>(remedy::lock_file); ++r)
      for (const bool reads : {false, true}) {
        audience reader = cluster;
        reader.reads_pull_secrets = reads;
        const std::string text = advice_for(failure(static_cast<error_code>(i), static_cast<remedy>(r)), reader);
        for (const char* word : {"pinhook lock", "pinhook resolve", "docker login", "config.json"})
          EXPECT_THAT(text, Not(HasSubstr(word)));
      }
}

TEST(Advice, ALoginNamesTheRegistryAsDockerDoes) {
  const auto login = [](std::string_view registry) {
    return advice_for(failure(error_code::unauthorized), {.at = place::command, .registry = registry});
  };
  EXPECT_TRUE(login("localhost:5000").ends_with(": docker login localhost:5000"));
  EXPECT_TRUE(login("docker.io").ends_with(": docker login")) << "its name is not an argument";
  EXPECT_TRUE(login("").ends_with(": docker login"));
}

TEST(Advice, NamesTheServiceAccountAndThePodsOwnSecrets) {
  audience reader = cluster;
  reader.service_account = "builder";
  EXPECT_TRUE(advice_for(failure(error_code::denied), reader).ends_with("or to service account builder"));
  reader.has_pull_secrets = true;
  EXPECT_EQ(advice_for(failure(error_code::denied), reader),
            "Check the name, and the imagePullSecrets of the Pod and of service account builder");
  reader.service_account = "a\nb";
  EXPECT_TRUE(advice_for(failure(error_code::denied), reader).ends_with("a\\x0ab"));
  const std::string name(253, 'a');
  reader.service_account = name;
  EXPECT_LE(advice_for(failure(error_code::denied), reader).size(), 200U);
}

TEST(Advice, PullSecretsThatAreNotReadAreNoAdvice) {
  EXPECT_EQ(advice_for(failure(error_code::denied), {.at = place::webhook}),
            "Check the name; for a private image, ask those who run pinhook to give it credentials");
  EXPECT_TRUE(page_for(failure(error_code::denied), {.at = place::webhook}).empty());
}

TEST(Advice, APageExplainsPullSecretsAlone) {
  EXPECT_TRUE(page_for(failure(error_code::unauthorized), cluster).starts_with("https://kubernetes.io/docs/"));
  EXPECT_TRUE(page_for(failure(error_code::not_found), cluster).empty());
  EXPECT_TRUE(page_for(failure(error_code::denied, remedy::other_source), cluster).empty());
  EXPECT_TRUE(page_for(failure(error_code::denied), terminal).empty());
}

}  // namespace
}  // namespace pinhook::resolve
