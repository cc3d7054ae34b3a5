#include "support/found_slots.hpp"

#include <pinhook/files/image_file.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string hex(64, 'd');
const std::string pin = "sha256:" + hex;

image_file read(std::string text) {
  auto file = image_file::read(std::move(text), "values.yaml", {});
  EXPECT_TRUE(file) << file.error().message;
  return *std::move(file);
}

// The text with every image pinned to `digit`s, and with every image back at its tag.
std::string rewritten(const image_file& file, char digit) {
  std::optional<registry::digest> to;
  if (digit != '\0') to = *registry::digest::parse("sha256:" + std::string(64, digit));
  std::vector<change> changes;
  for (std::size_t i = 0; i < file.slots().size(); ++i)
    if (file.slots()[i].reason == skip_reason::none && !file.slots()[i].is_refused()) changes.push_back({i, to});
  auto out = file.rewrite(changes, pin::pin_format::digest);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or("");
}

// A pin of one member would leave the other as it was.
TEST(ValuesImage, WithTwoDigestsIsLeft) {
  const std::string other(64, 'e');
  const auto file = read("a: {repository: x, tag: v1, digest: '" + pin + "', sha256: " + hex + "}\n" +
                         "b: {repository: x, tag: v1, digest: '" + pin + "', sha: " + other + "}\n" +
                         "c: {repository: x, tag: v1, digest: '" + pin + "', sha256: ''}\n");
  ASSERT_EQ(file.slots().size(), 3U);
  EXPECT_EQ(file.slots()[0].reason, skip_reason::split);
  EXPECT_EQ(file.slots()[0].problem, "its digest is in digest and in sha256");
  EXPECT_EQ(file.slots()[0].remedy, "empty one of them");
  EXPECT_EQ(file.slots()[1].reason, skip_reason::invalid) << "they differ";
  EXPECT_EQ(file.slots()[1].problem, "its digest is in digest and in sha");
  EXPECT_EQ(file.slots()[2].reason, skip_reason::none);
}

TEST(ValuesImage, IsPutTogetherFromTheKeysBesideIt) {
  EXPECT_THAT(found_slots("search:\n  image: registry.example.com/search/engine\n  imageTag: \"8.5.1\"\n"
                          "web: {image: nginx, tag: \"1.25\"}\ncache: {image: {name: redis, tag: \"7.2\"}}\n"
                          "mesh: {hub: docker.io/acme, image: pilot, tag: 1.20.0}\n"
                          "old: {image: acme/old, tag: ''}\nboth: {image: a/b:1, tag: v2}\n"
                          "two: {image: app, sidecarImage: proxy, tag: v1}\ndisk: {image: a.qcow2, tag: v1}\n"
                          "ver: {image: acme/api, version: 1.2.3}\n",
                          "values.yaml"),
              ElementsAre("3:13 /search | values | search | registry.example.com/search/engine:8.5.1 | "
                          "registry.example.com/search/engine:8.5.1",
                          "4:26 /web | values | web | nginx:1.25 | nginx:1.25",
                          "5:35 /cache/image | values | cache.image | redis:7.2 | redis:7.2",
                          "6:48 /mesh | values | mesh | docker.io/acme/pilot:1.20.0 | docker.io/acme/pilot:1.20.0",
                          "7:14 /old | values | old | acme/old | (no-tag-here)",
                          "8:15 /both/image | values | both.image | a/b:1 | a/b:1",
                          "9:45 /two | values | two | app:v1 | (split)",
                          "11:33 /ver | values | ver | acme/api:1.2.3 | acme/api:1.2.3"));
}

TEST(ValuesImage, TakesTheNamesThatChartsUse) {
  struct name_case {
    std::string_view text;
    std::string_view expected;
  };
  const name_case cases[] = {
      {"web: {image: nginx, version: '1.25'}\n", "/web | values | web | nginx:1.25 | nginx:1.25"},
      {"web: {image: nginx, imageVersion: v1}\n", "/web | values | web | nginx:v1 | nginx:v1"},
      // The tag counts before the version.
      {"web: {image: nginx, version: v2, tag: v1}\n", "/web | values | web | nginx:v1 | nginx:v1"},
      {"web: {image: {repo: acme/web, version: v1}}\n", "/web/image | values | web.image | acme/web:v1 | acme/web:v1"},
      {"web: {image: {repository: acme/web, imageTag: v1}}\n",
       "/web/image | values | web.image | acme/web:v1 | acme/web:v1"},
      {"sidecarImage: {name: acme/side, tag: v1}\n",
       "/sidecarImage | values | sidecarImage | acme/side:v1 | acme/side:v1"},
      {"job: {initImage: acme/init:1.0}\n", "/job/initImage | values | job.initImage | acme/init:1.0 | acme/init:1.0"},
      {"job: {init_image: ghcr.io/acme/init}\n",
       "/job/init_image | values | job.init_image | ghcr.io/acme/init | ghcr.io/acme/init"},
      {"job: {initImage: acme/init, initImageTag: '1.0'}\n",
       "/job | values | job.initImage | acme/init:1.0 | acme/init:1.0"},
      {"job: {initImage: '{{ .Values.x }}'}\n",
       "/job/initImage | values | job.initImage | {{ .Values.x }} | (variable)"},
      {"job: {image: 'ko://example.com/a'}\n", "/job/image | values | job.image | ko://example.com/a | (built)"},
      {"job: {images: [acme/tool:1.0]}\n", "/job/images/0 | values | job.images[0] | acme/tool:1.0 | acme/tool:1.0"},
      {"images: {web: acme/web:1.0}\n", "/images/web | values | images.web | acme/web:1.0 | acme/web:1.0"},
      {"images: {web: {name: acme/web, tag: v1}}\n", "/images/web | values | images.web | acme/web:v1 | acme/web:v1"},
      {"env: [{name: RELATED_IMAGE_X, value: 'acme/x:1'}]\n",
       "/env/0/value | values | env[0].value | acme/x:1 | acme/x:1"},
      {"env: {WORKER_IMAGE: 'acme/x:1'}\n", "/env/WORKER_IMAGE | values | env.WORKER_IMAGE | acme/x:1 | acme/x:1"},
  };
  for (const name_case& one : cases) {
    const auto slots = found_slots(one.text, "values.yaml");
    ASSERT_EQ(slots.size(), 1U) << one.text;
    EXPECT_EQ(slots[0].substr(slots[0].find(' ') + 1), one.expected) << one.text;
  }
}

TEST(ValuesImage, LeavesOutWhatOnlyHasSuchAName) {
  for (const std::string_view text :
       {"a: {repo: acme/a, version: v1}\n", "a: {name: a, version: v1}\n", "logoImage: acme/logo:1\n",
        "osImage: ubuntu:22.04\n", "initImage: init\n", "initImage: acme/init\n", "images: [web, 'a b']\n",
        "images: {registry: 'localhost:5000', tag: v1, pullPolicy: Always}\n", "env: [{name: TAG, value: 'a:1'}]\n",
        "env: [{name: WORKER_IMAGE, value: worker}]\n", "image: {name: a}\n", "heroImage: {repository: a}\n"})
    EXPECT_THAT(found_slots(text, "values.yaml"), ::testing::IsEmpty()) << text;
}

TEST(ValuesImage, TellsGuessesFromPlacesThatAreKnown) {
  const auto is_guess = [](std::string text) {
    const image_file file = read(text);
    EXPECT_EQ(file.slots().size(), 1U) << text;
    return !file.slots().empty() && file.slots()[0].is_guess;
  };
  for (const char* text : {"image: nginx:1.25\n", "image: {repository: nginx, tag: v1}\n", "image: nginx\ntag: v1\n",
                           "sidecarImage: {repository: nginx, tag: v1}\n"})
    EXPECT_FALSE(is_guess(text)) << text;
  for (const char* text :
       {"image: nginx\n", "initImage: acme/init:1\n", "images: [acme/a:1]\n", "a: {repository: nginx, tag: v1}\n",
        "image: {name: nginx, tag: v1}\n", "initImage: a\ninitImageTag: v1\n"})
    EXPECT_TRUE(is_guess(text)) << text;
}

TEST(ValuesImage, PinsTheNamesThatChartsUse) {
  const std::string text =
      "search:\n  image: registry.example.com/search/engine\n  imageTag: \"8.5.1\"\n"
      "web:\n  image: nginx\n  version: \"1.25\"\ncache:\n  image:\n    name: redis\n    tag: \"7.2\"\n"
      "job:\n  initImage: acme/init:1.0\n  images:\n    - acme/tool:1.0\n";
  const image_file file = read(text);
  const std::string d = "sha256:" + std::string(64, 'a');
  const std::string pinned = "search:\n  image: registry.example.com/search/engine\n  imageTag: \"8.5.1@" + d +
                             "\"\nweb:\n  image: nginx\n  version: \"1.25@" + d +
                             "\"\ncache:\n  image:\n    name: redis\n    tag: \"7.2@" + d +
                             "\"\njob:\n  initImage: acme/init@" + d + " # acme/init:1.0\n  images:\n    - acme/tool@" +
                             d + " # acme/tool:1.0\n";
  EXPECT_EQ(rewritten(file, 'a'), pinned);
  EXPECT_EQ(rewritten(read(pinned), '\0'), text);
}

struct split_case {
  std::string_view text;
  std::string_view expected;  // the tag that is looked up, else the reason in brackets
};

TEST(ValuesImage, LeavesImagesThatTheChartPutsTogether) {
  const split_case cases[] = {
      // Istio
      {"global: {hub: docker.io/acme, tag: 1.20.0, proxy: {image: meshproxy}}\n", "(split)"},
      {"global: {hub: '', tag: '', proxy: {image: meshproxy}}\n", "(split)"},
      {"global: {hub: docker.io/acme}\npilot: {image: pilot, tag: '1.20'}\n", "(split)"},
      {"global: {hub: docker.io/acme}\npilot: {hub: docker.io/acme, image: pilot, tag: '1.20'}\n",
       "docker.io/acme/pilot:1.20"},
      {"global: {hub: docker.io/acme}\npilot: {hub: '', image: pilot, tag: '1.20'}\n", "docker.io/acme/pilot:1.20"},
      {"hub: docker.io/acme\njobs: [{image: meshproxy}]\n", "(split)"},
      {"hub: docker.io/acme\nimage: meshproxy\n", "(split)"},
      // Bitnami
      {"global: {imageRegistry: ''}\nimage: {registry: docker.io, repository: a/b, tag: v1}\n", "docker.io/a/b:v1"},
      {"global: {imageRegistry: ~}\nimage: {registry: docker.io, repository: a/b, tag: v1}\n", "docker.io/a/b:v1"},
      {"global: {imageRegistry: m.example}\nimage: {registry: docker.io, repository: a/b, tag: v1}\n", "(split)"},
      {"global: {imageRegistry: m.example}\nimage: {registry: m.example, repository: a/b, tag: v1}\n",
       "m.example/a/b:v1"},
      {"global: {imageRegistry: m.example}\nimage: {registry: '', repository: a/b, tag: v1}\n", "m.example/a/b:v1"},
      {"global: {imageRegistry: m.example}\nimage: {registry: '', repository: quay.io/a/b, tag: v1}\n", "(split)"},
      {"global: {imageRegistry: m.example}\nimage: {repository: a/b, tag: v1}\n", "(split)"},
      {"global: {image: {registry: m.example}}\na: {image: {registry: quay.io, repository: a/b, tag: v1}}\n",
       "(split)"},
      {"redis: {global: {imageRegistry: m.example}, image: {registry: x.io, repository: a/b, tag: v1}}\n", "(split)"},
      {"redis: {global: {imageRegistry: m.example}}\nimage: {registry: x.io, repository: a/b, tag: v1}\n",
       "x.io/a/b:v1"},
      // A string that is whole, or not.
      {"registry: m.example\njob: {image: a/b:v1}\n", "(split)"},
      {"registry: m.example\njob: {image: ghcr.io/a/b:v1}\n", "ghcr.io/a/b:v1"},
      {"registry: ''\njob: {image: a/b:v1}\n", "a/b:v1"},
      {"registry: {url: m.example}\njob: {image: a/b:v1}\n", "a/b:v1"},
      {"version: '3'\njob: {image: nginx}\n", "(split)"},
      {"version: '3'\njob: {image: nginx:1.25}\n", "nginx:1.25"},
      {"tag: v3\njob: {image: ghcr.io/a/b}\n", "(split)"},
      // Parts that charts put together in different ways.
      // A string `image` and what stands before it, as in the charts of NVIDIA's operators.
      {"a: {repository: nvcr.io/nvidia, image: driver, version: '550'}\n", "(split)"},
      {"a: {repository: nvcr.io/nvidia, image: operator}\n", "(split)"},
      {"a: {repository: nvcr.io/nvidia, image: 'operator:v1'}\n", "(split)"},
      {"a: {repository: nvcr.io/nvidia, image: team/operator}\n", "(split)"},
      {"a: {imageRepository: quay.io/a, image: b, imageTag: v1}\n", "(split)"},
      {"a: {repository: quay.io/a, imageName: b, tag: v1}\n", "(split)"},
      {"image: {repo: quay.io/a, name: b, tag: v1}\n", "(split)"},
      {"image: {registry: quay.io, project: a, repository: b, tag: v1}\n", "(split)"},
      {"a: {repository: 'https://charts.example', image: b, tag: v1}\n", "b:v1"},
      {"a: {repository: '', image: b, tag: v1}\n", "b:v1"},
      {"a: {repository: acme/source, image: 'acme/b:v1'}\n", "acme/b:v1"},
      {"a: {repository: quay.io/a, image: 'ghcr.io/a/b:v1'}\n", "ghcr.io/a/b:v1"},
      {"image: {repository: a/b, tag: v1, tagSuffix: -alpine}\n", "(split)"},
      {"image: {repository: a/b, tag: v1, tagSuffix: ''}\n", "a/b:v1"},
      {"tagPrefix: v\nimage: {repository: a/b, tag: v1}\n", "(split)"},
      {"image: {repository: a/b, tag: v1, variant: distroless}\n", "(split)"},
      {"image: {repository: a/b, tag: v1, flavor: alpine}\n", "(split)"},
      {"web: {repository: a/b, tag: v1, variant: distroless}\n", "a/b:v1"},
      {"web: {registry: ghcr.io, namespace: a, repository: b, tag: v1}\n", "(split)"},
      {"image: {organization: a, repository: b, tag: v1}\n", "(split)"},
      {"web: {organization: a, repository: b, tag: v1}\n", "(split)"},
      {"image: {host: ghcr.io, repository: a/b, tag: v1}\n", "(split)"},
      {"namespace: shop\nhost: a.example\nrepository: a/b\ntag: v1\n", "a/b:v1"},
      {"image: {registry: {host: ghcr.io}, repository: a/b, tag: v1}\n", "(split)"},
      {"global: {repositoryPrefix: ghcr.io/acme}\nimage: {repository: a, tag: v1}\n", "(split)"},
      {"imagePrefix: m.example/\njob: {image: ghcr.io/a/b:v1}\n", "(split)"},
      {"defaultTag: v1\njob: {image: a/b}\n", "(split)"},
      {"job: {image: nginx}\n", "nginx"},
      {"job: {image: nginx}\nother: {tag: v1, hub: x}\n", "nginx"},
  };
  for (const split_case& one : cases) {
    const auto slots = found_slots(one.text, "values.yaml");
    ASSERT_EQ(slots.size(), 1U) << one.text;
    EXPECT_TRUE(slots[0].ends_with(fmt::format("| {}", one.expected))) << one.text << slots[0];
  }
}

TEST(ValuesImage, ReportsReasonAndRemedy) {
  const image_file split =
      read("global: {imageRegistry: m.example}\nimage: {registry: docker.io, repository: a/b, tag: v1}\n");
  EXPECT_EQ(split.slots()[0].problem,
            "the chart decides whether global.imageRegistry, \"m.example\", is part of its name");
  EXPECT_THAT(split.slots()[0].remedy, HasSubstr("helm template"));
  EXPECT_EQ(read("global: {hub: docker.io/acme, proxy: {image: meshproxy}}\n").slots()[0].problem,
            "the chart may put global.hub before or after it");
  const image_file number = read("a:\n  image:\n    repository: acme/api\n    tag: 1.10\n");
  EXPECT_EQ(number.slots()[0].reason, skip_reason::number_tag);
  EXPECT_EQ(number.slots()[0].problem, "YAML does not read the tag 1.10 as a string, and Helm writes 1.1");
  EXPECT_EQ(number.slots()[0].remedy, "quote it: tag: \"1.10\"");
}

// An existing digest may be removed again, but its tag is not resolved again.
TEST(ValuesImage, KeepsThePinOfASplitOne) {
  const image_file file = read(
      "global: {imageRegistry: m.example}\nimage: {registry: x.io, repository: a/b, tag: v1, digest: '" + pin + "'}\n");
  EXPECT_EQ(file.slots()[0].reason, skip_reason::none);
  EXPECT_TRUE(file.slots()[0].is_pinned());
  EXPECT_TRUE(file.slots()[0].is_refused());
  const change back[] = {{0, std::nullopt}};
  EXPECT_EQ(file.rewrite(back, pin::pin_format::digest),
            "global: {imageRegistry: m.example}\nimage: {registry: x.io, repository: a/b, tag: v1, digest: ''}\n");
}

TEST(ValuesImage, RefusesTagsThatHelmMakesAnotherTextOf) {
  for (const std::string_view tag : {"1.10", "20240101", "1e3", "0x10", "010", "1_000", "0o7", "08", "1.0", "1000000",
                                     "0", "false", "True", "yes", "n", "!!float 1.10", "&v 1.10"}) {
    const image_file file = read(fmt::format("image: {{repository: acme/api, tag: {}}}\n", tag));
    ASSERT_EQ(file.slots().size(), 1U) << tag;
    EXPECT_EQ(file.slots()[0].reason, skip_reason::number_tag) << tag;
  }
  for (const std::string_view tag : {"'1.10'", "\"010\"", "7", "16", "123456", "1.25", "3.14", "true", "2024-01-01",
                                     "1.2.3", "v1", "_1", "!!str 1.10", "0x", "12e4567", "1.10@sha256"}) {
    const image_file file = read(fmt::format("image: {{repository: acme/api, tag: {}}}\n", tag));
    ASSERT_EQ(file.slots().size(), 1U) << tag;
    EXPECT_NE(file.slots()[0].reason, skip_reason::number_tag) << tag;
  }
  // A digest beside it decides, so the number does not matter.
  EXPECT_EQ(read("image: {repository: a, tag: 1.10, digest: '" + pin + "'}\n").slots()[0].reason, skip_reason::none);
  // Quoted it would not be a valid tag either.
  EXPECT_EQ(read("image: {repository: a, tag: .5}\n").slots()[0].reason, skip_reason::invalid);
  EXPECT_EQ(read("image: {repository: a, tag: .5}\n").slots()[0].remedy, "");
  EXPECT_EQ(read("v: &v 1.10\nimage: {repository: a, tag: *v}\n").slots()[0].reason, skip_reason::number_tag);
}

struct digest_case {
  std::string_view key;
  std::string_view before;
  std::string after;
  std::string_view back;
};

TEST(ValuesImage, FillsAndEmptiesTheDigestWhereTheChartTakesIt) {
  const std::string other(64, 'e');
  const digest_case cases[] = {
      {"sha", " \"\"", " \"" + hex + "\"", " \"\""},
      {"sha", " ''", " '" + hex + "'", " ''"},
      {"sha", "", " " + hex, ""},
      {"sha", " ~", " " + hex, ""},
      {"sha", " null", " " + hex, ""},
      {"sha256", " \"\"", " \"" + hex + "\"", " \"\""},
      {"sha256", " # ours", " " + hex + " # ours", " # ours"},
      {"digest", " \"\"", " \"" + pin + "\"", " \"\""},
      {"digest", "", " " + pin, ""},
      {"digest", " ~", " " + pin, ""},
  };
  for (const digest_case& one : cases) {
    const auto text = [&](std::string_view value) {
      return fmt::format("image:\n  registry: quay.io\n  repository: acme/metrics\n  tag: v3.1.0\n  {}:{}\nx: 1\n",
                         one.key, value);
    };
    const image_file before = read(text(one.before));
    ASSERT_EQ(before.slots().size(), 1U);
    EXPECT_FALSE(before.slots()[0].is_pinned());
    EXPECT_EQ(rewritten(before, 'd'), text(one.after)) << one.key << one.before;
    const image_file after = read(text(one.after));
    ASSERT_EQ(after.slots().size(), 1U);
    EXPECT_TRUE(after.slots()[0].is_pinned());
    EXPECT_EQ(after.slots()[0].written, "quay.io/acme/metrics:v3.1.0@" + pin);
    EXPECT_EQ(rewritten(after, '\0'), text(one.back)) << one.key << one.before;
    // Another digest replaces the one that is there.
    const std::string moved = one.key == "digest" ? "sha256:" + other : other;
    EXPECT_THAT(rewritten(after, 'e'), HasSubstr(moved)) << one.key << one.before;
  }
}

TEST(ValuesImage, KnowsDigestsByTheirKeys) {
  EXPECT_THAT(
      found_slots("a: {repository: x, tag: v1, sha: sha256:" + hex + "}\nb: {repository: x, tag: v1, sha: " + hex +
                      "}\nc: {repository: x, tag: v1, digest: '', sha: " + hex +
                      "}\nd: {repository: x, sha256: " + hex + "}\ne: {repository: x, tag: v1, sha: 1a2b3c}\n",
                  "values.yaml"),
      ElementsAre("1:25 /a | values | a | x:v1@" + pin + " | x:v1", "2:25 /b | values | b | x:v1@" + pin + " | x:v1",
                  "3:25 /c | values | c | x:v1@" + pin + " | x:v1", "4:17 /d | values | d | x@" + pin + " | -",
                  "5:25 /e | values | e | x:v1@sha256:1a2b3c | (invalid)"));
  const image_file file = read("a: {repository: x, tag: v1, sha: ''}\n");
  EXPECT_EQ(file.suggestion({0, *registry::digest::parse(pin)}, pin::pin_format::digest), "sha: " + hex);
  const image_file tag = read("a: {image: x, imageTag: v1}\n");
  EXPECT_EQ(tag.suggestion({0, *registry::digest::parse(pin)}, pin::pin_format::digest), "imageTag: v1@" + pin);
}

// The cost of the scopes of a deep file grows with its size, not with the square of it.
TEST(ValuesImage, LimitsThePartsAroundAnImage) {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n" + std::string(static_cast<std::size_t>(i) + 1, ' ') +
            "version: v1\n";
  text += std::string(60, ' ') + "job: {image: nginx}\n";
  const image_file file = read(text);
  ASSERT_EQ(file.slots().size(), 1U);
  EXPECT_EQ(file.slots()[0].reason, skip_reason::split);
}

}  // namespace
}  // namespace pinhook::files
