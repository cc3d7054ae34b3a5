#include <pinhook/fleet/adoption.hpp>

#include "support/fleet_objects.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::fleet {
namespace {

using pinhook::testing::digest_text;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

registry::digest digest(char c) { return registry::digest::parse(digest_text(c)).value(); }

image_use use(const std::string& image, std::vector<running_digest> running, std::size_t unknown = 0) {
  image_use out;
  out.written.container = "web";
  out.written.image = image;
  for (const auto& one : running) out.pods += one.pods;
  out.pods += unknown;
  out.running = std::move(running);
  out.unknown = unknown;
  return out;
}

workload made(const std::string& kind, std::vector<image_use> images, const std::string& pins = "") {
  workload out;
  out.id = {"shop", kind == "Pod" ? "" : kind == "Job" ? "batch" : "apps", kind, "web"};
  out.images = std::move(images);
  for (const auto& one : out.images) out.pods = std::max(out.pods, one.pods);
  if (!pins.empty()) out.pins = pins_record{.text = pins, .manager = {}, .written_at = {}};
  return out;
}

std::vector<workload_adoption> plan(workload one, const std::vector<std::string>& names = {}) {
  state all;
  all.workloads.push_back(std::move(one));
  std::vector<workload_name> parsed;
  for (const auto& name : names) parsed.push_back(workload_name::parse(name).value());
  return plan_adoption(all, parsed);
}

const std::string nginx = "docker.io/library/nginx:1.25";
const std::string record_a = "{\"" + nginx + "\":\"" + digest_text('a') + "\"}";

TEST(Adoption, DecidesForEachImage) {
  struct row {
    const char* name;
    workload of;
    adoption_state state;
    const char* reason;
  };
  auto unread = made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 1}})});
  unread.was_read = false;
  const row rows[] = {
      {"one digest", made("Deployment", {use("nginx:1.25", {{digest('a'), 3, 3}})}), adoption_state::pending, ""},
      {"without a tag", made("StatefulSet", {use("nginx", {{digest('a'), 3, 1}})}), adoption_state::pending, ""},
      {"another that is not ready", made("Deployment", {use("nginx:1.25", {{digest('a'), 3, 2}, {digest('b'), 1, 0}})}),
       adoption_state::pending, ""},
      {"recorded", made("Deployment", {use("nginx:1.25", {{digest('a'), 3, 3}})}, record_a), adoption_state::current,
       ""},
      {"recorded otherwise", made("Deployment", {use("nginx:1.25", {{digest('b'), 3, 3}})}, record_a),
       adoption_state::pending, ""},
      {"an invalid record", made("Deployment", {use("nginx:1.25", {{digest('a'), 3, 3}})}, "no"),
       adoption_state::pending, ""},
      {"mixed", made("Deployment", {use("nginx:1.25", {{digest('a'), 3, 2}, {digest('b'), 1, 1}})}),
       adoption_state::left, "run different digests: sha256:aaa"},
      {"unknown", made("Deployment", {use("nginx:1.25", {{digest('a'), 3, 3}}, 1)}), adoption_state::left,
       "no digest of a registry for 1 Pod"},
      {"not ready", made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 0}})}), adoption_state::left,
       "no Pod with this image is ready"},
      {"no Pod", made("Deployment", {use("nginx:1.25", {})}), adoption_state::left, "run adopt while one does"},
      {"invalid", made("Deployment", {use("UPPER:1", {{digest('a'), 1, 1}})}), adoption_state::left,
       "not a valid image reference"},
      {"an unknown owner", unread, adoption_state::left, "explain --kinds"},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    const auto got = plan(one.of);
    ASSERT_THAT(got, SizeIs(1));
    ASSERT_THAT(got[0].images, SizeIs(1));
    EXPECT_EQ(got[0].images[0].state, one.state);
    EXPECT_THAT(got[0].images[0].reason, HasSubstr(one.reason));
  }
}

TEST(Adoption, PassesOverWhatNeedsNoRecord) {
  EXPECT_THAT(plan(made("Deployment", {use("nginx@" + digest_text('a'), {{digest('a'), 1, 1}})})), IsEmpty());
  auto old = use("nginx:1.24", {{digest('b'), 1, 1}});
  old.is_in_workload = false;
  EXPECT_THAT(plan(made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 1}}), old}))[0].images, SizeIs(1));
  for (const char* kind : {"Pod", "Job"}) {
    EXPECT_THAT(plan(made(kind, {use("nginx:1.25", {{digest('a'), 1, 1}})})), IsEmpty());
    const auto named = plan(made(kind, {use("nginx:1.25", {{digest('a'), 1, 1}})}), {std::string(kind) + "/web"});
    ASSERT_THAT(named, SizeIs(1));
    EXPECT_THAT(named[0].images[0].reason, HasSubstr("never rolled out again"));
  }
}

TEST(Adoption, TwoDigestsOfOneTagAreLeft) {
  const auto got = plan(
      made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 1}}), use("docker.io/nginx:1.25", {{digest('b'), 1, 1}}),
                          use("redis:7", {{digest('c'), 1, 1}})}));
  ASSERT_THAT(got[0].images, SizeIs(3));
  EXPECT_THAT(got[0].images[0].reason, HasSubstr(digest_text('b')));
  EXPECT_THAT(got[0].images[1].reason, HasSubstr(digest_text('a')));
  EXPECT_EQ(got[0].images[2].state, adoption_state::pending);
}

TEST(Adoption, TakesNamesAsKubectlDoes) {
  const workload web = made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 1}})});
  for (const char* name : {"deployment/web", "Deployment/web", "deployments/web", "deploy/web"})
    EXPECT_THAT(plan(web, {"sts/other", name}), SizeIs(1)) << name;
  for (const char* name : {"deployment/api", "statefulset/web", "deployment/WEB"})
    EXPECT_THAT(plan(web, {name}), IsEmpty()) << name;
  for (const char* text : {"web", "/web", "deployment/", "a/b/c", ""}) {
    const auto parsed = workload_name::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("write it like deployment/web"));
  }
}

TEST(Adoption, ChecksTheNameThatIsWritten) {
  const auto got = plan(made("Deployment", {use("quay.io/acme/api:v2", {{digest('a'), 1, 1}})}));
  EXPECT_EQ(pinned_image(got[0].images[0]).written(), "quay.io/acme/api@" + digest_text('a'));
}

TEST(Adoption, LooksAtWhatTheRegistryHas) {
  const manifest plain_a{digest('a'), {}};
  const manifest plain_b{digest('b'), {}};
  const manifest index_i{digest('1'), {{digest('a'), "linux/amd64"}, {digest('b'), "linux/arm64"}}};
  const manifest index_j{digest('2'), {{digest('c'), "linux/amd64"}}};
  const auto gone = error{error_code::not_found, "no manifest", std::nullopt};
  const auto down = error{error_code::unavailable, "HTTP 503", std::nullopt};
  struct row {
    const char* name;
    char runs;
    result<manifest> pinned, tag;
    adoption_state state;
    /// The recorded digest, or a part of the reason.
    std::string expected;
  };
  const row rows[] = {
      {"an index", '1', index_i, index_i, adoption_state::pending, digest_text('1')},
      {"an index whose tag moved", '1', index_i, index_j, adoption_state::pending, digest_text('1')},
      {"an index whose tag is gone", '1', index_i, fail(gone), adoption_state::pending, digest_text('1')},
      {"an image of one platform", 'a', plain_a, plain_a, adoption_state::pending, digest_text('a')},
      {"and its tag moved", 'a', plain_a, plain_b, adoption_state::pending, digest_text('a')},
      {"a platform of the tag's index", 'a', plain_a, index_i, adoption_state::pending, digest_text('1')},
      {"a platform of another index", 'a', plain_a, index_j, adoption_state::left, "the manifest of one platform"},
      {"gone", 'a', fail(gone), plain_a, adoption_state::left, "has the bytes that run no more"},
      {"not known", 'a', fail(down), plain_a, adoption_state::left, "is not known: HTTP 503"},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    auto of = plan(made("Deployment", {use("nginx:1.25", {{digest(one.runs), 1, 1}})}))[0].images[0];
    check_manifests(of, one.pinned, one.tag);
    EXPECT_EQ(of.state, one.state);
    EXPECT_THAT(of.state == adoption_state::left ? of.reason : of.digest->to_string(), HasSubstr(one.expected));
  }
}

TEST(Adoption, PutsNewRecordsBeforeOldOnes) {
  auto one =
      plan(made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 1}}), use("redis:7", {{digest('b'), 1, 1}})}))[0];
  const std::string old = "{\"docker.io/library/nginx:1.25\":\"" + digest_text('c') +
                          "\",\"docker.io/library/nginx:1.24\":\"" + digest_text('d') + "\"}";
  EXPECT_EQ(record_of(one, old), "{\"docker.io/library/nginx:1.25\":\"" + digest_text('a') +
                                     "\",\"docker.io/library/redis:7\":\"" + digest_text('b') +
                                     "\",\"docker.io/library/nginx:1.24\":\"" + digest_text('d') + "\"}");
  EXPECT_EQ(one.images[0].state, adoption_state::pending);
}

// Another run, or the webhook, wrote it since the cluster was read.
TEST(Adoption, ARecordThatHasItAlreadyNeedsNoWrite) {
  auto one = plan(made("Deployment", {use("nginx:1.25", {{digest('a'), 1, 1}})}))[0];
  EXPECT_EQ(record_of(one, record_a), std::nullopt);
  EXPECT_EQ(one.images[0].state, adoption_state::current);
}

TEST(Adoption, WhatHasNoRoomIsLeft) {
  std::vector<image_use> many;
  for (int i = 0; i < 40; ++i) many.push_back(use(fmt::format("registry.example/image:{}", i), {{digest('a'), 1, 1}}));
  auto one = plan(made("Deployment", std::move(many)))[0];
  ASSERT_TRUE(record_of(one, ""));
  EXPECT_EQ(one.images[31].state, adoption_state::pending);
  EXPECT_THAT(one.images[32].reason, HasSubstr("no room"));
}

TEST(Adoption, ReadsTheObjectAndWritesItsAnnotation) {
  const auto held = read_holder(R"({"metadata":{"uid":"u-1","annotations":{"pinhook.dev/pins":"{}"}}})");
  ASSERT_TRUE(held);
  EXPECT_EQ(held->uid, "u-1");
  EXPECT_EQ(held->pins, "{}");
  EXPECT_EQ(read_holder(R"({"metadata":{"uid":"u-1"}})")->pins, "");
  for (const char* text : {"", "[]", "{}", R"({"metadata":{"name":"web"}})", R"({"metadata":{"uid":""}})"})
    EXPECT_FALSE(read_holder(text)) << text;
  EXPECT_EQ(applied_record({"shop", "apps", "Deployment", "web"}, "apps/v1", "u-1", "{\"a\":1}"),
            R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u-1",)"
            R"("annotations":{"pinhook.dev/pins":"{\"a\":1}"}}})");
}

}  // namespace
}  // namespace pinhook::fleet
