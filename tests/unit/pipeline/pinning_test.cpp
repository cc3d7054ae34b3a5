#include <pinhook/pipeline/pinning.hpp>

#include "support/fake_digests.hpp"
#include "support/made_rules.hpp"

#include <pinhook/files/chart_reading.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using kind = slot_result::kind;
using pinhook::testing::digest_of_digit;
using pinhook::testing::format_rule;
using pinhook::testing::made_rules;
using pinhook::testing::never_rule;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string a = digest_of_digit('a').to_string();
const std::string b = digest_of_digit('b').to_string();

// A Pod with these images as its containers, one on each line; text after a '#' is a comment.
files::image_file pod(const std::vector<std::string>& images) {
  std::string text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n";
  for (std::size_t i = 0; i < images.size(); ++i)
    text += "    - {name: c" + std::to_string(i) + ", image: " + images[i].substr(0, images[i].find(" #")) + "}" +
            (images[i].find(" #") == std::string::npos ? "" : images[i].substr(images[i].find(" #"))) + "\n";
  auto out = files::image_file::read(text, "pod.yaml", {});
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(*out);
}

std::vector<std::string> names(const std::vector<registry::reference>& refs) {
  std::vector<std::string> out;
  for (const auto& ref : refs) out.push_back(ref.written());
  return out;
}

digest_map known(const std::vector<std::pair<std::string, char>>& rows) {
  digest_map out;
  for (const auto& [ref, digit] : rows) out.emplace(ref, digest_of_digit(digit));
  return out;
}

pinned_file done(const files::image_file& file, const pin_choice& choice, const digest_map& with) {
  auto out = pinned(file, choice, with);
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(*out);
}

std::vector<kind> kinds(const pinned_file& file) {
  std::vector<kind> out;
  for (const auto& r : file.results) out.push_back(r.outcome);
  return out;
}

TEST(Wanted, IsEachMeaningOnce) {
  const auto file = pod({"nginx:1.25", "docker.io/library/nginx:1.25", "redis", "redis:latest", "busybox@" + a});
  EXPECT_THAT(names(wanted(file, {})), ElementsAre("nginx:1.25", "redis"));
  EXPECT_THAT(names(wanted(file, {.task = pin_task::unpin})), ElementsAre());
}

TEST(Wanted, OfAnUpdateIncludesTheTagsOfPins) {
  const auto file = pod({"nginx@" + a + " # nginx:1.25", "redis:7@" + a, "busybox@" + a, "alpine:3"});
  EXPECT_THAT(names(wanted(file, {})), ElementsAre("alpine:3"));
  const auto refs = wanted(file, {.task = pin_task::update});
  ASSERT_EQ(refs.size(), 3U);
  EXPECT_EQ(refs[0].canonical(), "docker.io/library/nginx:1.25");
  EXPECT_EQ(refs[1].canonical(), "docker.io/library/redis:7");
  EXPECT_EQ(refs[2].canonical(), "docker.io/library/alpine:3");
}

TEST(Pinned, GivesDigests) {
  const auto file = pod({"nginx:1.25", "redis@" + b});
  const auto after = done(file, {}, known({{"docker.io/library/nginx:1.25", 'a'}}));
  EXPECT_THAT(kinds(after), ElementsAre(kind::changed, kind::current));
  EXPECT_EQ(after.results[0].after, "nginx@" + a);
  EXPECT_THAT(after.text, HasSubstr("image: nginx@" + a + "} # nginx:1.25\n"));
  EXPECT_TRUE(after.has(kind::changed));
  EXPECT_FALSE(after.has(kind::failed));
}

// Images that only the chart can compose, numbers, and values that would break the chart: reported, never looked up.
TEST(Pinned, LeavesValuesThatAreNotSafeToPin) {
  const std::vector<files::chart_template> templates{{"t.yaml", "version: {{ .Values.a.tag }}\n"}};
  const files::chart chart{.own = files::read_templates(templates), .dependencies = {}};
  const auto file = files::image_file::read(
      "a: {repository: acme/a, tag: v1}\nb: {repository: acme/b, tag: 1.10}\n"
      "c: {global: {hub: x}, image: proxy}\nd: {repository: acme/d, tag: v1}\n",
      "values.yaml", {}, &chart);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(names(wanted(*file, {})), ElementsAre("acme/d:v1"));
  const auto after = done(*file, {}, known({{"docker.io/acme/d:v1", 'a'}}));
  EXPECT_THAT(kinds(after), ElementsAre(kind::left, kind::left, kind::left, kind::changed));
  EXPECT_THAT(after.results[0].message,
              HasSubstr("its digest would be in a.tag, and t.yaml:1 writes it as version; pin"));
  EXPECT_EQ(after.results[1].message,
            "YAML does not read the tag 1.10 as a string, and Helm writes 1.1; quote it: tag: \"1.10\"");
  EXPECT_THAT(after.results[2].message,
              HasSubstr("the chart may put c.global.hub before or after it; pin the rendered"));
  ASSERT_EQ(after.doubts.size(), 1U);
  EXPECT_THAT(*after.doubts.begin(), HasSubstr("no template here shows its use"));
  const auto back = files::image_file::read(after.text, "values.yaml", {}, &chart);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(done(*back, {.task = pin_task::unpin}, {}).text, file->text());
}

// A tag that Flux writes takes the digest although there is a key for it: the chart must bear that.
TEST(Pinned, AsksTheChartAboutATagThatAnotherProgramWrites) {
  const std::string of_tag = "a:\n  repository: acme/a\n  tag: v1 # {\"$imagepolicy\": \"x:a:tag\"}\n  digest: ''";
  const std::vector<files::chart_template> templates{
      {"t.yaml", "version: {{ .Values.a.tag }}\nimage: {{ .Values.a.repository }}@{{ .Values.a.digest }}\n"}};
  const files::chart chart{.own = files::read_templates(templates), .dependencies = {}};
  const auto with = known({{"docker.io/acme/a:v1", 'a'}});
  const auto read = [&](const std::string& text) {
    auto file = files::image_file::read(text, "values.yaml", {}, &chart);
    EXPECT_TRUE(file) << file.error().message;
    return done(*file, {}, with);
  };
  const auto refused = read(of_tag + "\n");
  EXPECT_THAT(kinds(refused), ElementsAre(kind::left));
  EXPECT_THAT(refused.results[0].message,
              HasSubstr("its digest would be in a.tag, and t.yaml:1 writes it as version; pin"));
  EXPECT_THAT(refused.results[0].message, HasSubstr("its marker at the line of the digest"));
  const auto both = read(of_tag + " # {\"$imagepolicy\": \"x:a:digest\"}\n");
  EXPECT_THAT(kinds(both), ElementsAre(kind::changed));
  EXPECT_THAT(both.text, HasSubstr("digest: '" + a + "' # {\"$imagepolicy\": \"x:a:digest\"}"));
}

TEST(Pinned, WarnsOnceAFileWhereNoChartIsSeen) {
  const auto file = files::image_file::read(
      "a: {repository: acme/a, tag: v1}\nb: {repository: acme/b, tag: v1}\n"
      "c: {repository: acme/c, tag: v1, digest: ''}\n",
      "values.yaml", {});
  ASSERT_TRUE(file) << file.error().message;
  const auto after = done(
      *file, {}, known({{"docker.io/acme/a:v1", 'a'}, {"docker.io/acme/b:v1", 'a'}, {"docker.io/acme/c:v1", 'a'}}));
  ASSERT_EQ(after.doubts.size(), 1U);
  EXPECT_THAT(*after.doubts.begin(), HasSubstr("no templates beside this file"));
}

TEST(Pinned, KeepsTheTagWhereItIsAsked) {
  const auto file = pod({"nginx:1.25", "redis"});
  const auto after = done(file, {.format = pin::pin_format::tag_and_digest},
                          known({{"docker.io/library/nginx:1.25", 'a'}, {"docker.io/library/redis:latest", 'b'}}));
  EXPECT_EQ(after.results[0].after, "nginx:1.25@" + a);
  EXPECT_EQ(after.results[1].after, "redis:latest@" + b);
}

TEST(Pinned, AFailureLeavesItsImageAlone) {
  const auto file = pod({"nginx:1.25", "redis:7", "alpine:3"});
  auto with = known({{"docker.io/library/nginx:1.25", 'a'}});
  with.emplace("docker.io/library/redis:7", fail(error_code::denied, "redis:7 is not to be had"));
  const auto after = done(file, {}, with);
  EXPECT_THAT(kinds(after), ElementsAre(kind::changed, kind::failed, kind::failed));
  EXPECT_EQ(after.results[1].message, "redis:7 is not to be had");
  EXPECT_EQ(after.results[1].code, error_code::denied);
  EXPECT_EQ(after.results[2].code, error_code::internal);
  EXPECT_THAT(after.text, HasSubstr("image: redis:7}"));
}

TEST(Pinned, UpdatesFollowMovedTags) {
  const auto file = pod({"nginx@" + a + " # nginx:1.25", "redis:7@" + b, "busybox@" + a});
  const auto after = done(file, {.task = pin_task::update},
                          known({{"docker.io/library/nginx:1.25", 'b'}, {"docker.io/library/redis:7", 'b'}}));
  EXPECT_THAT(kinds(after), ElementsAre(kind::changed, kind::current, kind::left));
  EXPECT_THAT(after.text, HasSubstr("image: nginx@" + b + "} # nginx:1.25\n"));
  EXPECT_THAT(after.results[2].message, HasSubstr("tag is not written"));
}

TEST(Pinned, UnpinsToTheTag) {
  const auto before = pod({"nginx:1.25", "redis"});
  const auto with = known({{"docker.io/library/nginx:1.25", 'a'}, {"docker.io/library/redis:latest", 'b'}});
  const auto there = files::image_file::read(done(before, {}, with).text, "pod.yaml", {});
  ASSERT_TRUE(there);
  const auto back = done(*there, {.task = pin_task::unpin}, {});
  EXPECT_EQ(back.text, before.text());
  EXPECT_EQ(back.results[0].after, "nginx:1.25");

  const auto unknown = done(pod({"nginx@" + a, "redis:7"}), {.task = pin_task::unpin}, {});
  EXPECT_THAT(kinds(unknown), ElementsAre(kind::left, kind::current));
  EXPECT_THAT(unknown.results[0].message, HasSubstr("tag is not written"));
}

TEST(Pinned, GivesTheReasonForImagesThatAreLeft) {
  const auto file = pod({"'{{ .Values.image }}'", "UPPER:1"});
  const auto after = done(file, {}, {});
  EXPECT_THAT(kinds(after), ElementsAre(kind::left, kind::left));
  EXPECT_THAT(after.results[0].message, HasSubstr("fills it in"));
  EXPECT_THAT(after.results[1].message, HasSubstr("upper-case"));
  EXPECT_EQ(after.text, file.text());
}

TEST(PinnedByRules, NeverIsLeftAndNotAskedFor) {
  const auto file = pod({"istio/proxyv2:1.2", "nginx:1.25"});
  const pin_choice choice{.orders = {.set = made_rules({never_rule("sidecars", {"**/istio/proxyv2"})})}};
  EXPECT_THAT(names(wanted(file, choice)), ElementsAre("nginx:1.25"));
  const auto after = done(file, choice, known({{"docker.io/library/nginx:1.25", 'a'}}));
  EXPECT_THAT(kinds(after), ElementsAre(kind::left, kind::changed));
  EXPECT_EQ(after.results[0].rule, "sidecars");
  EXPECT_EQ(after.results[0].message, "rule sidecars says pin: never");
  EXPECT_THAT(after.text, HasSubstr("image: istio/proxyv2:1.2}\n"));
}

TEST(PinnedByRules, TheTagOfAPinCountsForAnUpdate) {
  const auto file = pod({"nginx@" + a + " # nginx", "redis@" + a + " # redis:7", "busybox@" + a, "alpine:latest@" + a});
  const pin_choice choice{.task = pin_task::update,
                          .orders = {.set = made_rules({never_rule("moving", {"*:latest"})})}};
  EXPECT_THAT(names(wanted(file, choice)), ElementsAre("redis:7"));
  const auto after = done(file, choice, known({{"docker.io/library/redis:7", 'b'}}));
  EXPECT_THAT(kinds(after), ElementsAre(kind::left, kind::changed, kind::left, kind::left));
  EXPECT_EQ(after.results[0].rule, "moving");
  EXPECT_EQ(after.results[2].rule, "");
  EXPECT_EQ(after.results[3].rule, "moving");
}

TEST(PinnedByRules, UnpinLooksAtNoRule) {
  const auto file = pod({"nginx:1.25@" + a});
  const pin_choice choice{.task = pin_task::unpin, .orders = {.set = made_rules({never_rule("all")})}};
  EXPECT_THAT(done(file, choice, {}).text, HasSubstr("image: nginx:1.25}"));
}

TEST(PinnedByRules, EachImageHasItsFormat) {
  const auto file = pod({"nginx:1.25", "redis:7"});
  pin_choice choice{.orders = {.set = made_rules({format_rule("readable", {"**/nginx"})})}};
  const auto with = known({{"docker.io/library/nginx:1.25", 'a'}, {"docker.io/library/redis:7", 'b'}});
  auto after = done(file, choice, with);
  EXPECT_EQ(after.results[0].after, "nginx:1.25@" + a);
  EXPECT_EQ(after.results[1].after, "redis@" + b);
  EXPECT_THAT(after.text, HasSubstr("image: nginx:1.25@" + a + "}\n"));
  EXPECT_THAT(after.text, HasSubstr("image: redis@" + b + "} # redis:7\n"));
  choice.orders.format = pin::pin_format::digest;
  after = done(file, choice, with);
  EXPECT_EQ(after.results[0].after, "nginx@" + a);
  EXPECT_THAT(after.text, HasSubstr("image: nginx@" + a + "} # nginx:1.25\n"));
}

TEST(PinnedByRules, AlwaysKeepAndRefreshPinAsUsual) {
  for (const auto order : {pin::pin_order::always, pin::pin_order::keep, pin::pin_order::refresh}) {
    auto rule = pinhook::testing::made_rule("some");
    rule.pin = order;
    const auto after = done(pod({"nginx:1.25"}), {.orders = {.set = made_rules({rule})}},
                            known({{"docker.io/library/nginx:1.25", 'a'}}));
    EXPECT_THAT(kinds(after), ElementsAre(kind::changed));
  }
}

// One Deployment's containers are the other's, through an alias.
TEST(PinnedByRules, BytesThatAreSharedAreLeftOrWrittenTogether) {
  const auto file = files::image_file::read(
      "apiVersion: v1\nkind: List\nitems:\n"
      "- {apiVersion: v1, kind: Pod, metadata: {namespace: a}, spec: {containers: &c [{name: web, image: "
      "nginx:1.25}]}}\n"
      "- {apiVersion: v1, kind: Pod, metadata: {namespace: b}, spec: {containers: *c}}\n",
      "list.yaml", {});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 2U);
  const auto with = known({{"docker.io/library/nginx:1.25", 'a'}});
  auto left = never_rule("left");
  left.about.namespaces = {"b"};
  EXPECT_THAT(kinds(done(*file, {.orders = {.set = made_rules({left})}}, with)), ElementsAre(kind::left, kind::left));
  auto written = format_rule("written", {});
  written.about.namespaces = {"b"};
  EXPECT_THAT(done(*file, {.orders = {.set = made_rules({written})}}, with).text, HasSubstr("nginx:1.25@" + a + "}]"));
}

// One mapping's tag is the other's, through a merge key, and each has a repository of its own.
TEST(PinnedByPlace, ImagesOfOneTagGetNoneWhenTheirDigestsDiffer) {
  const auto values = [](const std::string& other, const std::string& behind = "") {
    auto out = files::image_file::read("a: {image: &m {repository: acme/a, tag: v1}}\nb:\n  image:\n    <<: *m\n" +
                                           ("    repository: " + other + behind) + "\nc: {image: 'nginx:1.25'}\n",
                                       "values.yaml", {});
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
  };
  const auto with = [&](char of_b) {
    return known({{"docker.io/acme/a:v1", 'a'}, {"docker.io/acme/b:v1", of_b}, {"docker.io/library/nginx:1.25", 'a'}});
  };
  const auto apart = done(values("acme/b"), {}, with('b'));
  EXPECT_THAT(kinds(apart), ElementsAre(kind::left, kind::left, kind::changed));
  EXPECT_THAT(apart.results[0].message, HasSubstr("b.image, \"acme/b:v1\", has the same text, through a merge key"));
  EXPECT_THAT(apart.results[1].message, HasSubstr("a.image, \"acme/a:v1\""));
  EXPECT_THAT(apart.text, HasSubstr("c: {image: 'nginx@" + a + "'} # nginx:1.25"));
  EXPECT_THAT(apart.text, HasSubstr("tag: v1}"));
  // A mirror: the same digest.
  const auto same = done(values("acme/b"), {}, with('a'));
  EXPECT_THAT(kinds(same), ElementsAre(kind::changed, kind::changed, kind::changed));
  EXPECT_THAT(same.text, HasSubstr("tag: v1@" + a + "}"));
  EXPECT_EQ(done(*files::image_file::read(same.text, "values.yaml", {}), {.task = pin_task::unpin}, {}).text,
            values("acme/b").text());
  // What one may not have, the other does not get.
  const auto variable = done(values("'{{ .Values.name }}'"), {}, with('a'));
  EXPECT_THAT(kinds(variable), ElementsAre(kind::left, kind::left, kind::changed));
}

}  // namespace
}  // namespace pinhook::pipeline
