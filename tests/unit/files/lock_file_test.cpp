#include <pinhook/files/lock_file.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string digest_text(char digit) { return "sha256:" + std::string(64, digit); }
registry::digest digest_of(char digit) { return registry::digest::parse(digest_text(digit)).value(); }

void put(resolve::image_lock& lock, std::string_view ref, char digit, std::string when = {}) {
  lock.put(registry::reference::parse(ref).value(), {digest_of(digit), std::move(when)});
}

// "DIGEST" is replaced by a valid digest.
std::string with_digest(std::string text) {
  for (std::size_t at = text.find("DIGEST"); at != std::string::npos; at = text.find("DIGEST", at))
    text.replace(at, 6, digest_text('a'));
  return text;
}

lock_file read(std::string_view text) {
  auto out = read_lock(with_digest(std::string(text)));
  EXPECT_TRUE(out) << out.error().message;
  return out ? *std::move(out) : lock_file{};
}

std::string refusal(std::string_view text) {
  const auto out = read_lock(with_digest(std::string(text)));
  if (out) return "no refusal";
  EXPECT_EQ(out.error().code, error_code::malformed);
  return out.error().message;
}

std::vector<std::string> names_in(const lock_file& lock) {
  std::vector<std::string> out;
  for (const auto& [name, image] : lock.images.images()) out.push_back(name);
  return out;
}

resolve::image_lock some_images() {
  resolve::image_lock out;
  put(out, "nginx:1.25", '1', "2026-11-21T08:30:00Z");
  put(out, "ghcr.io/acme/api:v2", '2');
  put(out, "[::1]:5000/x:7", '3', "2026-11-21T08:30:00.123+01:00");
  put(out, "localhost:5000/a/b__c:Latest", '4');
  put(out, "redis", '5');
  put(out, "grafana/grafana:11", '6');
  return out;
}

TEST(LockFile, WritesOneSortedLineAnImage) {
  EXPECT_EQ(write_lock({lock_format::pinhook, some_images()}),
            fmt::format(R"(apiVersion: pinhook.dev/v1
kind: ImageLock
images:
  "[::1]:5000/x:7": {{digest: "{}", resolved: "2026-11-21T08:30:00.123+01:00"}}
  docker.io/grafana/grafana:11: {{digest: "{}"}}
  docker.io/library/nginx:1.25: {{digest: "{}", resolved: "2026-11-21T08:30:00Z"}}
  docker.io/library/redis:latest: {{digest: "{}"}}
  ghcr.io/acme/api:v2: {{digest: "{}"}}
  localhost:5000/a/b__c:Latest: {{digest: "{}"}}
)",
                        digest_text('3'), digest_text('6'), digest_text('1'), digest_text('5'), digest_text('2'),
                        digest_text('4')));
}

TEST(LockFile, WrittenFilesReadBack) {
  for (const lock_format format : {lock_format::pinhook, lock_format::kbld})
    for (const auto& images : {resolve::image_lock{}, some_images()}) {
      const auto back = read_lock(write_lock({format, images}));
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->format, format);
      EXPECT_EQ(back->images, images);
    }
}

TEST(LockFile, WritesWhatWaitsWithALaterVersion) {
  resolve::image_lock images;
  put(images, "nginx:1.25", '1', "2026-11-21T08:30:00Z");
  auto image = *images.find("docker.io/library/nginx:1.25");
  image.seen = resolve::seen_digest{digest_of('2'), "2026-11-24T08:30:00Z"};
  images.put(registry::reference::parse("nginx:1.25").value(), image);
  const std::string text = write_lock({lock_format::pinhook, images});
  EXPECT_EQ(text, fmt::format(R"(apiVersion: pinhook.dev/v2
kind: ImageLock
images:
  docker.io/library/nginx:1.25: {{digest: "{}", resolved: "2026-11-21T08:30:00Z", seen: {{digest: "{}", since: "2026-11-24T08:30:00Z"}}}}
)",
                              digest_text('1'), digest_text('2')));
  // A merge of branches can leave either version.
  std::string merged = text;
  merged.replace(merged.find("v2"), 2, "v1");
  EXPECT_EQ(read(merged).images, images);
  for (const lock_format format : {lock_format::pinhook, lock_format::kbld}) {
    const auto back = read_lock(write_lock({format, images}));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->images, images);
  }
}

TEST(LockFile, ALongestReferenceReadsBack) {
  const std::string tag(registry::max_tag_size, 't');
  const std::string path(registry::max_repository_size, 'p');
  const std::string host(registry::max_reference_size - path.size() - tag.size() - 2, 'h');
  resolve::image_lock images;
  put(images, fmt::format("{}.io/{}:{}", host.substr(3), path, tag), '1');
  ASSERT_EQ(images.images().begin()->first.size(), registry::max_reference_size);
  for (const lock_format format : {lock_format::pinhook, lock_format::kbld}) {
    const auto back = read_lock(write_lock({format, images}));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->images, images);
  }
}

TEST(LockFile, ReadsEveryYamlStyle) {
  for (
      const char* text : {
          "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n  nginx:1.25:\n    digest: DIGEST\n",
          "# ours\r\n---\r\nkind: ImageLock\r\napiVersion: pinhook.dev/v1\r\nimages: {\"nginx:1.25\": {digest: "
          "DIGEST}}\r\n",
          R"({"apiVersion": "pinhook.dev/v1", "kind": "ImageLock", "images": {"nginx:1.25": {"digest": "DIGEST", "resolved": null}}})",
          "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n  index.docker.io/library/nginx:1.25: # why\n    "
          "digest: 'DIGEST'\n",
      }) {
    const lock_file got = read(text);
    EXPECT_EQ(got.format, lock_format::pinhook);
    ASSERT_THAT(names_in(got), ElementsAre("docker.io/library/nginx:1.25")) << text;
    EXPECT_EQ(got.images.find("docker.io/library/nginx:1.25")->digest, digest_of('a'));
    EXPECT_EQ(got.images.find("docker.io/library/nginx:1.25")->when, "");
  }
  EXPECT_TRUE(read("apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n").images.images().empty());
}

TEST(LockFile, ReportsFaultsWithTheirPlace) {
  const std::string head = "apiVersion: pinhook.dev/v1\nkind: ImageLock\n";
  struct sample {
    std::string text;
    const char* start;
    const char* reason;
  };
  for (const sample& s : {
           sample{"", "line 1, column 1: ", "the file is empty"},
           sample{"# nothing\n", "line ", "the file is empty"},
           sample{"- a\n", "line 1, column 1: ", "not a list"},
           sample{"nginx\n", "line 1, column 1: ", "not a scalar"},
           sample{"kind: ImageLock\n", "line 1, column 1: ", "apiVersion is missing"},
           sample{"apiVersion: pinhook.dev/v1\n", "line 1, column 1: ", "kind is missing"},
           sample{"apiVersion: pinhook.dev/v3\nkind: ImageLock\n", "line 1, column 13: ", "use pinhook.dev/v1"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, seen: DIGEST}\n",
                  "line 4, column 100: ", "seen must be a mapping of digest and since, not a scalar"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, seen: {since: \"2026-11-24T08:30:00Z\"}}\n",
                  "line 4, column 100: ", "digest is missing"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, seen: {digest: DIGEST}}\n",
                  "line 4, column 100: ", "since is missing"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, seen: {digest: DIGEST, since: today}}\n",
                  "line 4, column 189: ", "\"today\" is not a valid time"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, seen: {first: 1}}\n",
                  "line 4, column 101: ", "unknown field \"first\"; valid fields are digest, since"},
           sample{"apiVersion: v1\nkind: ConfigMap\n", "line 2, column 7: ", "\"v1\" \"ConfigMap\" is not a lock file"},
           sample{"apiVersion: v1\nkind: [ImageLock]\n", "line 2, column 7: ", "kind must be a string, not a list"},
           sample{head, "line 1, column 1: ", "images is missing"},
           sample{head + "images: []\n",
                  "line 3, column 9: ", "images must be a mapping of reference to digest, not a list"},
           sample{head + "image: {}\n",
                  "line 3, column 1: ", "unknown field \"image\"; valid fields are apiVersion, kind, images"},
           sample{head + "images:\n  NGINX:1: {digest: DIGEST}\n", "line 4, column 3: ", "\"NGINX:1\": "},
           sample{head + "images:\n  nginx: {digest: DIGEST}\n", "line 4, column 3: ", "\"nginx\" has no tag"},
           sample{head + "images:\n  nginx@DIGEST: {digest: DIGEST}\n", "line 4, column 3: ", "has a digest"},
           sample{head + "images:\n  nginx:1: DIGEST\n", "line 4, column 12: ", "not a scalar"},
           sample{head + "images:\n  nginx:1: {}\n", "line 4, column 12: ", "digest is missing"},
           sample{head + "images:\n  nginx:1: {digest: }\n", "line 4, column 12: ", "digest is missing"},
           sample{head + "images:\n  nginx:1: {digest: [DIGEST]}\n",
                  "line 4, column 21: ", "digest must be a string, not a list"},
           sample{head + "images:\n  nginx:1: {digest: \"sha256:abc\"}\n", "line 4, column 21: ", "sha256"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, tag: 1}\n", "line 4, column ", "digest, resolved"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST, resolved: yesterday}\n", "line 4, column ",
                  "\"yesterday\" is not a valid time"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST}\n  nginx:1: {digest: DIGEST}\n",
                  "line 5, column 3: ", "duplicate key \"nginx:1\""},
           sample{head + "images:\n  nginx:1: {digest: DIGEST}\n  docker.io/library/nginx:1: {digest: DIGEST}\n",
                  "line 5, column 3: ", "duplicate entry for docker.io/library/nginx:1"},
           sample{head + "images:\n  nginx:1: {digest: DIGEST\n", "line ", ""},
           sample{head + "images: &a {}\n", "line 3, column ", "an anchor"},
           sample{head + "images: {}\n---\n" + head, "line ", "a second document"},
       }) {
    EXPECT_THAT(refusal(s.text), StartsWith(s.start)) << s.text;
    EXPECT_THAT(refusal(s.text), HasSubstr(s.reason)) << s.text;
  }
}

TEST(LockFile, TakesTimesOnly) {
  const auto text = [](std::string_view when) {
    return fmt::format(
        "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n  a:1: {{digest: DIGEST, resolved: \"{}\"}}\n", when);
  };
  for (const char* good : {"2026-11-21T08:30:00Z", "2026-11-21T08:30:00.123456789Z", "2026-11-21T08:30:00-05:00"})
    EXPECT_EQ(read(text(good)).images.find("docker.io/library/a:1")->when, good);
  for (const char* bad : {"2026-11-21", "2026-11-21T08:30:00", "2026-11-21 08:30:00Z", "2026-11-21T08:30:00.Z",
                          "2026-11-21T08:30:00.0123456789Z", "2026-11-21T08:30:00+5:00", "2026-11-21T08:30:00ZZ"})
    EXPECT_THAT(refusal(text(bad)), HasSubstr("is not a valid time")) << bad;
}

TEST(LockFile, IsLimitedInSizeAndDepth) {
  std::string text = write_lock({lock_format::pinhook, some_images()});
  text += '#' + std::string(max_lock_size - text.size() - 1, 'x');
  EXPECT_TRUE(read_lock(text));
  text += 'x';
  EXPECT_THAT(refusal(text), HasSubstr("the limit is"));
  const std::string deep = "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages: ";
  EXPECT_THAT(refusal(deep + std::string(40, '[') + std::string(40, ']')), HasSubstr("nested deeper"));
}

// As kbld 0.40 writes it with --imgpkg-lock-output.
TEST(LockFile, ReadsKbldsImagesLock) {
  const lock_file got = read(R"(---
apiVersion: imgpkg.carvel.dev/v1alpha1
images:
- annotations:
    kbld.carvel.dev/id: docker.io/envoyproxy/envoy:v1.19.1
    kbld.carvel.dev/origins: |
      - resolved:
          tag: v1.19.1
          url: docker.io/envoyproxy/envoy:v1.19.1
  image: index.docker.io/envoyproxy/envoy@DIGEST
- annotations:
    kbld.carvel.dev/id: simple-app
  image: index.docker.io/acme/simple-app@DIGEST
- annotations:
    kbld.carvel.dev/origins: |
      - git: {sha: abc}
      - resolved: {tag: latest, url: "quay.io/acme/web:latest"}
  image: quay.io/acme/web@DIGEST
- annotations:
    kbld.carvel.dev/id: quay.io/acme/two@DIGEST
    kbld.carvel.dev/origins: "[{resolved: {tag: v2, url: \"quay.io/acme/two@DIGEST\"}}]"
  image: quay.io/acme/two@DIGEST
- annotations: {kbld.carvel.dev/id: quay.io/acme/unknown@DIGEST}
  image: quay.io/acme/unknown@DIGEST
- annotations: {kbld.carvel.dev/id: "my app", kbld.carvel.dev/origins: "{"}
  image: quay.io/acme/no-reference@DIGEST
- image: quay.io/acme/no-annotations@DIGEST
kind: ImagesLock
)");
  EXPECT_EQ(got.format, lock_format::kbld);
  EXPECT_THAT(names_in(got), ElementsAre("docker.io/envoyproxy/envoy:v1.19.1", "docker.io/library/simple-app:latest",
                                         "quay.io/acme/two:v2", "quay.io/acme/web:latest"));
  for (const auto& [name, image] : got.images.images()) EXPECT_EQ(image.digest, digest_of('a')) << name;
}

TEST(LockFile, ReadsKbldsOlderForms) {
  const lock_file spec = read(
      "apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nspec:\n  images:\n  - image: nginx@DIGEST\n"
      "    annotations: {kbld.carvel.dev/id: \"nginx:1.25\"}\n");
  EXPECT_THAT(names_in(spec), ElementsAre("docker.io/library/nginx:1.25"));

  for (const char* kind : {"Config", "ImageOverrides"}) {
    const lock_file got = read(fmt::format(R"(apiVersion: kbld.k14s.io/v1alpha1
kind: {}
minimumRequiredVersion: 0.40.0
searchRules: [{{keyMatcher: {{name: image}}}}]
overrides:
- {{image: "nginx:1.25", newImage: index.docker.io/library/nginx@DIGEST, preresolved: true}}
- {{image: redis, newImage: redis@DIGEST, preresolved: true}}
- {{image: "moved:1", newImage: ghcr.io/acme/moved@DIGEST, preresolved: true}}
- {{image: "tagged:1", newImage: "tagged:2"}}
- {{imageRepo: all, newImage: all@DIGEST}}
)",
                                           kind));
    EXPECT_EQ(got.format, lock_format::kbld);
    EXPECT_THAT(names_in(got), ElementsAre("docker.io/library/nginx:1.25", "docker.io/library/redis:latest")) << kind;
  }
  EXPECT_TRUE(read("apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\n").images.images().empty());
  EXPECT_TRUE(read("apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\n").images.images().empty());
}

TEST(LockFile, ReportsFaultsOfKbldLocks) {
  const std::string head = "apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:";
  const std::string other = "sha256:" + std::string(64, 'b');
  EXPECT_THAT(refusal(head + " {}\n"), StartsWith("line 3, column 9: images must be a list, not a mapping"));
  EXPECT_THAT(refusal(head + "\n- annotations: {}\n"), StartsWith("line 4, column 3: image is missing"));
  EXPECT_THAT(refusal(head + "\n- image: nginx:1\n"),
              StartsWith("line 4, column 10: image: \"nginx:1\" has no digest"));
  EXPECT_THAT(refusal(head + "\n- image: NGINX\n"), StartsWith("line 4, column 10: image: "));
  EXPECT_THAT(refusal(head + "\n- text\n"), StartsWith("line 4, column 3: image is missing"));
  EXPECT_THAT(refusal(head + "\n- {image: a@DIGEST, annotations: {kbld.carvel.dev/id: a}}\n- {image: a@" + other +
                      ", annotations: {kbld.carvel.dev/id: \"docker.io/library/a:latest\"}}\n"),
              AllOf(StartsWith("line 5, column 3: "), EndsWith("with another digest")));
  EXPECT_THAT(refusal("apiVersion: kbld.k14s.io/v1alpha1\nkind: Sources\n"), HasSubstr("is not a lock file"));
  EXPECT_THAT(refusal("apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\noverrides: 1\n"),
              StartsWith("line 3, column 12: overrides must be a list, not a scalar"));
}

TEST(LockFile, WritesKbldsImagesLockForEverySpellingOfTheHub) {
  resolve::image_lock images;
  put(images, "nginx:1.25", 'a', "2026-11-21T08:30:00Z");
  put(images, "acme/web", 'a');
  put(images, "ghcr.io/acme/api", 'a');
  const std::string text = write_lock({lock_format::kbld, images});
  EXPECT_THAT(text, StartsWith("---\napiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:\n"));
  EXPECT_THAT(text, HasSubstr(with_digest(R"(- annotations:
    kbld.carvel.dev/id: nginx:1.25
    kbld.carvel.dev/origins: |
      - resolved:
          tag: "1.25"
          url: nginx:1.25
    pinhook.dev/resolved: "2026-11-21T08:30:00Z"
  image: docker.io/library/nginx@DIGEST
)")));
  for (const char* id : {"docker.io/library/nginx:1.25", "nginx:1.25", "docker.io/acme/web:latest", "acme/web:latest",
                         "docker.io/acme/web", "acme/web", "ghcr.io/acme/api:latest", "ghcr.io/acme/api"})
    EXPECT_THAT(text, HasSubstr(fmt::format("    kbld.carvel.dev/id: {}\n", id)));
}

// A short spelling must not mean another image.
TEST(LockFile, ShortensNoNameThatWouldMeanAnotherImage) {
  resolve::image_lock images;
  put(images, "docker.io/library/ghcr.io/acme/api:v2", 'a');
  put(images, "docker.io/localhost/x", 'b');
  const auto back = read_lock(write_lock({lock_format::kbld, images}));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->images, images);
}

}  // namespace
}  // namespace pinhook::files
