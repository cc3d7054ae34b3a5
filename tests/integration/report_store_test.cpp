// `pinhook report --store` as a process: what one report saw is known to the next.
#include "support/fake_api_server.hpp"
#include "support/file_commands.hpp"
#include "support/fleet_objects.hpp"

#include <pinhook/registry/digest.hpp>
#include <pinhook/store/database.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const object_lists::resource deployments{"/apis/apps/v1", "deployments", "Deployment"};

class ReportStore : public FileCommands {
 protected:
  ReportStore() {
    api_.allow_lists({"namespaces", "deployments", "replicasets", "statefulsets", "daemonsets", "cronjobs", "jobs",
                      "pods", "podtemplates", "replicationcontrollers"});
    api_.allow("get", "namespaces", "");
    api_.set_namespaces({{"shop", ""}});
    kubeconfig_ = api_.write_kubeconfig(logs_.path());
    tag_has("one");
    deploy(image("a:1"));
  }

  static std::string manifest(const std::string& seed) {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":)"
        R"("application/vnd.oci.image.config.v1+json","digest":"{}","size":2}},"layers":[]}})",
        registry::digest::of(seed).to_string());
  }
  // Gives the digest.
  std::string tag_has(const std::string& seed) {
    const auto text = manifest(seed);
    const auto digest = registry::digest::of(text).to_string();
    for (const std::string& name : {digest, std::string("1")})
      registry_.on("GET", "/v2/a/manifests/" + name,
                   {.status = 200,
                    .headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"},
                                {"Docker-Content-Digest", digest}},
                    .body = text});
    return digest;
  }
  void deploy(const std::string& written) {
    api_.set_list(deployments, "shop", {workload_text(metadata_text("shop", "web"), {{"web", written}})});
  }
  program_result report(const std::string& arguments) const {
    return run(fmt::format("pinhook report -A --store history.db --kubeconfig '{}' {}", kubeconfig_, arguments));
  }
  void change_store(const char* script) const {
    auto db = store::database::open((work_.path() / "history.db").string(), std::chrono::seconds(1));
    ASSERT_TRUE(db);
    const auto ok = (*db)->execute(script);
    ASSERT_TRUE(ok) << ok.error().message;
  }

  fake_api_server api_;
  std::string kubeconfig_;
};

TEST_F(ReportStore, KnowsSinceWhenAndWhatWasResolved) {
  auto seen = report("-o json");
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  EXPECT_THAT(seen.output, Not(HasSubstr("\"first_seen\":null")));
  // As if that report had been a week ago.
  change_store("UPDATE image_use SET first_seen = 1795000000; UPDATE finding SET first_seen = 1795000000");
  seen = report("-o json");
  EXPECT_THAT(seen.output, AllOf(HasSubstr(R"("fix_kind":"text","first_seen":"2026-11-18T11:06:40Z"})"),
                                 HasSubstr(R"(],"first_seen":"2026-11-18T11:06:40Z","last_seen":"2)")));
  deploy(image("a:1@") + tag_has("one"));
  seen = report("");
  EXPECT_EQ(seen.exit_code, 0) << seen.output;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("\nRESOLVED\n"), HasSubstr("shop  Deployment/web/web  unpinned  "),
                                 HasSubstr("since 2026-11-18T11:06:40Z\n")));
}

TEST_F(ReportStore, ForgetsWhatEndedBeforeTheRetention) {
  report("-q");
  deploy(image("a:1@") + tag_has("one"));
  EXPECT_THAT(report("").output, HasSubstr("RESOLVED"));
  // As if that had been two hours ago.
  change_store("UPDATE finding SET resolved = resolved - 7200; UPDATE image_use SET ended = ended - 7200");
  EXPECT_THAT(report("--retention 36500d").output, HasSubstr("RESOLVED"));
  EXPECT_THAT(report("--retention 1h").output, Not(HasSubstr("RESOLVED")));
}

TEST_F(ReportStore, KnowsTheMovesOfTags) {
  report("-q");
  tag_has("two");
  const auto seen = report("");
  EXPECT_THAT(seen.output, AllOf(HasSubstr("\nMOVED TAGS\n"), HasSubstr(image("a:1") + "  sha256:")));
}

// A report without registries, and one of a part of the cluster, end nothing that they did not look at.
TEST_F(ReportStore, APartialReportEndsNothing) {
  report("-q");
  deploy("nginx");
  EXPECT_THAT(report("-l app=none --no-registry").output, Not(HasSubstr("RESOLVED")));
}

TEST_F(ReportStore, AStoreThatCannotBeUsedCostsNoReading) {
  report("-q");
  change_store("PRAGMA user_version = 9");
  api_.forget_requests();
  auto seen = report("");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(seen.output, "");
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("pinhook report: --store: history.db: a later pinhook wrote this store"),
                                 HasSubstr("name another file")));
  EXPECT_THAT(api_.requests(), IsEmpty());
  write("history.db", "nothing of the kind");
  seen = report("");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("this is no store of pinhook"));
}

TEST_F(ReportStore, WritesTheMovedTags) {
  const auto before = tag_has("one");
  const std::string arguments = "-q --moves-file moves.yaml --cooldown 72h";
  report(arguments);
  EXPECT_THAT(read("moves.yaml"), AllOf(HasSubstr("kind: TagMoves\n"), HasSubstr("\ncooldown: 72h\ntags:\n"),
                                        HasSubstr(fmt::format("  {}: {{digest: \"{}\"}}\n", image("a:1"), before))));
  const auto now = tag_has("two");
  report(arguments);
  EXPECT_THAT(read("moves.yaml"),
              HasSubstr(fmt::format("  {}: {{digest: \"{}\", before: \"{}\", since: \"2", image("a:1"), now, before)));
  // As if it had been seen four days ago.
  change_store("UPDATE tag_move SET at = at - 345600");
  report(arguments);
  EXPECT_THAT(read("moves.yaml"), HasSubstr(fmt::format("  {}: {{digest: \"{}\"}}\n", image("a:1"), now)));
}

TEST_F(ReportStore, TheCooldownOfMovedTagsIsThatOfTheRules) {
  write("rules.yaml",
        "moves: {file: /etc/pinhook/moves.yaml}\n"
        "rules: [{name: cooled, images: \"quay.io/**\", cooldown: 48h}, {name: short, cooldown: 1h}]\n");
  auto seen = report("-q --moves-file moves.yaml --config rules.yaml");
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  EXPECT_THAT(read("moves.yaml"), HasSubstr("\ncooldown: 48h\ntags:\n"));
  struct row {
    const char* arguments;
    const char* message;
  };
  const row refused[] = {
      {"--moves-file moves.yaml",
       "--moves-file: no rule of the configuration has a cooldown: name the webhook's "
       "configuration with --config FILE, or add --cooldown 72h"},
      {"--moves-file moves.yaml --cooldown 0s", "--cooldown: 0 means that moved tags do not wait; write 72h"},
      {"--moves-file moves.yaml --cooldown 2h --config rules.yaml",
       "--cooldown 2h is shorter than that of a rule, 48h: leave it out, or write 48h"},
  };
  api_.forget_requests();
  for (const row& one : refused) {
    seen = report(one.arguments);
    EXPECT_EQ(seen.exit_code, 2) << one.arguments;
    EXPECT_THAT(seen.errors, HasSubstr(one.message));
  }
  EXPECT_THAT(api_.requests(), IsEmpty());
  EXPECT_THAT(read("moves.yaml"), HasSubstr("\ncooldown: 48h\n")) << "it is left as it was";
  seen = report("-q --moves-file none/moves.yaml --cooldown 72h");
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("--moves-file: "));
}

TEST_F(ReportStore, WritesTheMovedTagsIntoTheCluster) {
  const std::string object = "/api/v1/namespaces/pinhook/configmaps/image-moves";
  const std::string apply = object + "?fieldManager=pinhook-report&force=true";
  const std::string arguments = "-q --moves-configmap pinhook/image-moves --cooldown 72h --exit-zero";
  api_.fail(object, 200, R"({"kind":"ConfigMap","metadata":{"resourceVersion":"7"},"data":{"moves.yaml":"","a":"x"}})");
  api_.fail(apply, 200, "{}");
  const auto seen = report(arguments);
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  const auto write = api_.requests().back();
  EXPECT_EQ(write.method + " " + write.path, "PATCH " + apply);
  EXPECT_THAT(write.body, AllOf(HasSubstr(R"("resourceVersion":"7")"), Not(HasSubstr(R"("a")")),
                                HasSubstr(R"("data":{"moves.yaml":"apiVersion: pinhook.dev/v1\nkind: TagMoves\n)"),
                                HasSubstr(image("a:1") + ": {digest: ")));
  EXPECT_EQ(report("-q --exit-zero").exit_code, 0);
  struct row {
    unsigned status;
    const char* arguments;
    int exit_code;
    const char* message;
  };
  const row rows[] = {
      {200, "-q --moves-configmap pinhook/image-moves --cooldown 72h", 1, ""},
      {403, arguments.c_str(), 3, "--moves-configmap: "},
      {409, arguments.c_str(), 3, "it was changed meanwhile; run the command again"},
      {200, "--moves-configmap image-moves --cooldown 72h", 2,
       "--moves-configmap: \"image-moves\" must be a namespace and a name"},
      {200, "--moves-configmap a/b", 2, "--moves-configmap: no rule of the configuration has a cooldown"},
  };
  for (const row& one : rows) {
    api_.fail(apply, one.status, R"({"kind":"Status","message":"no"})");
    const auto refused = report(one.arguments);
    EXPECT_EQ(refused.exit_code, one.exit_code) << one.arguments << refused.errors;
    EXPECT_THAT(refused.errors, HasSubstr(one.message));
  }
}

TEST_F(ReportStore, WhatOptingInWouldDoGoesByCooldowns) {
  write("rules.yaml", "rules: [{name: cooled, cooldown: 72h}]\n");
  const auto before = tag_has("one");
  report("-q");
  tag_has("two");
  const auto seen = report("-o json --what-if enforce --config rules.yaml");
  EXPECT_THAT(seen.output, AllOf(HasSubstr(fmt::format(R"("becomes":"{}@{}")", image("a"), before)),
                                 HasSubstr(R"("reason":"rule cooled: cooldown 72h: the tag has sha256:)")));
}

TEST_F(ReportStore, TwoAtATimeAreBothRemembered) {
  const auto seen =
      run(fmt::format("for i in 1 2 3; do pinhook report -A -q --store history.db --kubeconfig '{}' >out$i "
                      "2>err$i & done; wait; cat err1 err2 err3",
                      kubeconfig_));
  EXPECT_EQ(seen.output, "");
  EXPECT_THAT(report("-o json").output, Not(HasSubstr("\"first_seen\":null")));
}

}  // namespace
}  // namespace pinhook::testing
