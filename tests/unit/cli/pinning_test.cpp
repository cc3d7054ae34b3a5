#include "support/fake_digests.hpp"

#include <pinhook/cli/pinning.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

using kind = site_result::kind;
using pinhook::testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string a = digest_of_digit('a').to_string();
const std::string b = digest_of_digit('b').to_string();

// A Pod with these images as its containers, one a line; what stands behind a '#' is a comment.
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

pinned_file done(const files::image_file& file, pin_task task, const digest_map& with,
                 pin::pin_format format = pin::pin_format::digest) {
  auto out = pinned(file, task, format, with);
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(*out);
}

std::vector<kind> kinds(const pinned_file& what) {
  std::vector<kind> out;
  for (const auto& r : what.results) out.push_back(r.what);
  return out;
}

TEST(Wanted, IsEachMeaningOnce) {
  const auto file = pod({"nginx:1.25", "docker.io/library/nginx:1.25", "redis", "redis:latest", "busybox@" + a});
  EXPECT_THAT(names(wanted(file, pin_task::pin)), ElementsAre("nginx:1.25", "redis"));
  EXPECT_THAT(names(wanted(file, pin_task::unpin)), ElementsAre());
}

TEST(Wanted, OfAnUpdateIsWhatPinsWereToo) {
  const auto file = pod({"nginx@" + a + " # nginx:1.25", "redis:7@" + a, "busybox@" + a, "alpine:3"});
  EXPECT_THAT(names(wanted(file, pin_task::pin)), ElementsAre("alpine:3"));
  const auto refs = wanted(file, pin_task::update);
  ASSERT_EQ(refs.size(), 3U);
  EXPECT_EQ(refs[0].canonical(), "docker.io/library/nginx:1.25");
  EXPECT_EQ(refs[1].canonical(), "docker.io/library/redis:7");
  EXPECT_EQ(refs[2].canonical(), "docker.io/library/alpine:3");
}

TEST(Pinned, GivesDigests) {
  const auto file = pod({"nginx:1.25", "redis@" + b});
  const auto what = done(file, pin_task::pin, known({{"docker.io/library/nginx:1.25", 'a'}}));
  EXPECT_THAT(kinds(what), ElementsAre(kind::changed, kind::current));
  EXPECT_EQ(what.results[0].after, "nginx@" + a);
  EXPECT_THAT(what.text, HasSubstr("image: nginx@" + a + "} # nginx:1.25\n"));
  EXPECT_TRUE(what.has(kind::changed));
  EXPECT_FALSE(what.has(kind::failed));
}

TEST(Pinned, KeepsTheTagWhereItIsAsked) {
  const auto file = pod({"nginx:1.25", "redis"});
  const auto what =
      done(file, pin_task::pin, known({{"docker.io/library/nginx:1.25", 'a'}, {"docker.io/library/redis:latest", 'b'}}),
           pin::pin_format::tag_and_digest);
  EXPECT_EQ(what.results[0].after, "nginx:1.25@" + a);
  EXPECT_EQ(what.results[1].after, "redis:latest@" + b);
}

TEST(Pinned, AFailureLeavesItsImageAlone) {
  const auto file = pod({"nginx:1.25", "redis:7", "alpine:3"});
  auto with = known({{"docker.io/library/nginx:1.25", 'a'}});
  with.emplace("docker.io/library/redis:7", fail(error_code::denied, "redis:7 is not to be had"));
  const auto what = done(file, pin_task::pin, with);
  EXPECT_THAT(kinds(what), ElementsAre(kind::changed, kind::failed, kind::failed));
  EXPECT_EQ(what.results[1].message, "redis:7 is not to be had");
  EXPECT_EQ(what.results[1].code, error_code::denied);
  EXPECT_EQ(what.results[2].code, error_code::internal);
  EXPECT_THAT(what.text, HasSubstr("image: redis:7}"));
}

TEST(Pinned, UpdatesMoveWhatMoved) {
  const auto file = pod({"nginx@" + a + " # nginx:1.25", "redis:7@" + b, "busybox@" + a});
  const auto what =
      done(file, pin_task::update, known({{"docker.io/library/nginx:1.25", 'b'}, {"docker.io/library/redis:7", 'b'}}));
  EXPECT_THAT(kinds(what), ElementsAre(kind::changed, kind::current, kind::left));
  EXPECT_THAT(what.text, HasSubstr("image: nginx@" + b + "} # nginx:1.25\n"));
  EXPECT_THAT(what.results[2].message, HasSubstr("tag is not written"));
}

TEST(Pinned, UnpinsToTheTag) {
  const auto before = pod({"nginx:1.25", "redis"});
  const auto with = known({{"docker.io/library/nginx:1.25", 'a'}, {"docker.io/library/redis:latest", 'b'}});
  const auto there = files::image_file::read(done(before, pin_task::pin, with).text, "pod.yaml", {});
  ASSERT_TRUE(there);
  const auto back = done(*there, pin_task::unpin, {});
  EXPECT_EQ(back.text, before.text());
  EXPECT_EQ(back.results[0].after, "nginx:1.25");

  const auto unknown = done(pod({"nginx@" + a, "redis:7"}), pin_task::unpin, {});
  EXPECT_THAT(kinds(unknown), ElementsAre(kind::left, kind::current));
  EXPECT_THAT(unknown.results[0].message, HasSubstr("tag is not written"));
}

TEST(Pinned, SaysWhySomethingIsLeft) {
  const auto file = pod({"'{{ .Values.image }}'", "UPPER:1"});
  const auto what = done(file, pin_task::pin, {});
  EXPECT_THAT(kinds(what), ElementsAre(kind::left, kind::left));
  EXPECT_THAT(what.results[0].message, HasSubstr("fills it in"));
  EXPECT_THAT(what.results[1].message, HasSubstr("upper-case"));
  EXPECT_EQ(what.text, file.text());
}

}  // namespace
}  // namespace pinhook::cli
