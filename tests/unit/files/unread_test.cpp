#include <pinhook/files/unread.hpp>

#include <pinhook/files/document_form.hpp>
#include <pinhook/files/image_file.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> unread(std::string_view text, std::string_view path = "web.yaml") {
  const auto file = image_file::read(std::string(text), path, {});
  if (!file) return {file.error().message};
  std::vector<std::string> out;
  for (const unread_image& one : file->unread())
    out.push_back(fmt::format("{} {}:{} {} {}", one.document, one.line, one.column, one.pointer, one.written));
  return out;
}

TEST(Unread, NamesWhatLooksLikeAnImage) {
  EXPECT_THAT(unread("a: 1\n---\ntasks:\n  - {image: \"nginx:1.25\"}\n  - some_image: ghcr.io/acme/web\n"),
              ElementsAre("1 4:13 /tasks/0/image nginx:1.25", "1 5:17 /tasks/1/some_image ghcr.io/acme/web"));
  EXPECT_THAT(unread("jobs: {a: {strategy: {matrix: {image: 'node:20'}}}}\n", ".github/workflows/a.yml"),
              ElementsAre("0 1:39 /jobs/a/strategy/matrix/image node:20"));
}

// Operators take the images that they start as arguments, too.
TEST(Unread, NamesArguments) {
  EXPECT_THAT(
      unread("args: [--sidecar-image=quay.io/acme/side:1.0, \"-initImage=a:1\", --image=x, --v=a:1, image=a:1]\n"),
      ElementsAre("0 1:8 /args/0 quay.io/acme/side:1.0", "0 1:47 /args/1 a:1"));
}

TEST(Unread, NamesLinesOfTexts) {
  EXPECT_THAT(unread("run: |\n  cat <<X\n  - image: 'nginx:1.25'\n    }}: {{\n  X\n"),
              ElementsAre("0 3:1 /run nginx:1.25"));
  EXPECT_THAT(unread("a: |\n  x: {image: 'nginx:1.25'}\n  ---\n  image: b:1\nb: \"{'image': 'c:1'}\"\n"),
              ElementsAre("0 2:1 /a/x/image nginx:1.25", "0 4:1 /a/1/image b:1", "0 5:4 /b/image c:1"));
  EXPECT_THAT(unread("status:\n  a: |\n    image: b:1\n    c: 1\n"), IsEmpty());
}

// Images in lists, as arguments of two words, and as values of parameters.
TEST(Unread, NamesItemsAndParameters) {
  EXPECT_THAT(unread("images: [a:1]\nimage: [b:1, b]\nceph_images: ['c:1']\nother: ['d:1']\n"),
              ElementsAre("0 1:10 /images/0 a:1", "0 2:9 /image/0 b:1", "0 3:15 /ceph_images/0 c:1"));
  EXPECT_THAT(unread("args: [--engine-image, acme/engine:1, --name, acme/web:1, image, acme/x:1]\n"),
              ElementsAre("0 1:24 /args/1 acme/engine:1"));
  EXPECT_THAT(unread("params:\n  - {name: BUILDER_IMAGE, default: 'bash:5'}\n  - {name: image, value: 'web:1'}\n"
                     "  - {name: other, value: 'web:1'}\n"),
              ElementsAre("0 2:36 /params/0/default bash:5", "0 3:26 /params/1/value web:1"));
}

// A variable that is an image somewhere in the file is one where it gets its value.
TEST(Unread, NamesWhatVariablesOfImagesGet) {
  EXPECT_THAT(unread("variables: {IMG: 'node:20', BARE: node, OTHER: 'b:1', N: {value: 'a:1', description: x}}\n"
                     "image: $IMG\nbuild: {image: {name: '${BARE}'}, services: [$N], variables: {IMG: 'ruby:3'}}\n"
                     "test: {IMG: 'x:1', image: '$OTHER/x:$IMG'}\n",
                     ".gitlab-ci.yml"),
              ElementsAre("0 1:18 /variables/IMG node:20", "0 1:35 /variables/BARE node",
                          "0 1:66 /variables/N/value a:1", "0 3:68 /build/variables/IMG ruby:3"));
  EXPECT_THAT(unread("variables:\n- {name: base, value: 'node:20'}\n- {name: other, value: 'a:1'}\n"
                     "resources: {containers: [{container: c, image: $(base)}]}\n",
                     "azure-pipelines.yml"),
              ElementsAre("0 2:23 /variables/0/value node:20"));
  EXPECT_THAT(unread("env: {BASE: 'node:20', BASE_IMAGE: 'a:1'}\non: push\njobs: {a: {container: '${{ env.BASE }}', "
                     "runs-on: x, services: {b: {image: '${{ env.BASE_IMAGE }}'}}}}\n",
                     ".github/workflows/a.yml"),
              ElementsAre("0 1:13 /env/BASE node:20", "0 1:36 /env/BASE_IMAGE a:1"));
  EXPECT_THAT(unread("version: 2\nparameters: {base: {default: 'node:20'}}\njobs: {a: {docker: [{image: '<< "
                     "pipeline.parameters.base >>'}]}}\n",
                     ".circleci/config.yml"),
              ElementsAre("0 2:30 /parameters/base/default node:20"));
}

TEST(Unread, NamesPartsContainersAndInstructions) {
  EXPECT_THAT(unread("a: {repository: acme/web, tag: v1}\nb: {repository: 'https://x/y', tag: v1}\n"
                     "c: {repository: acme/web}\nmatrix: {include: [{container: 'fedora:41'}, {container: web}]}\n"),
              ElementsAre("0 1:17 /a/repository acme/web:v1", "0 4:32 /matrix/include/0/container fedora:41"));
  EXPECT_THAT(unread("dockerfile: |\n  FROM alpine:3.20 AS base\n  FROM base\n  RUN x\n"),
              ElementsAre("0 2:1 /dockerfile alpine:3.20"));
}

// With a registry, a path and a tag there is no doubt, wherever they stand.
TEST(Unread, NamesFullReferencesInAnyText) {
  EXPECT_THAT(
      unread(
          "args: ['--reloader=quay.io/acme/reloader:v1', '-images=a=quay.io/acme/a:1']\nbuilder: quay.io/acme/b:1\n"),
      ElementsAre("0 1:8 /args/0 quay.io/acme/reloader:v1", "0 1:47 /args/1 quay.io/acme/a:1",
                  "0 2:10 /builder quay.io/acme/b:1"));
  EXPECT_THAT(unread("run: |\n  # docker run quay.io/acme/no:1\n  docker run --rm quay.io/acme/a:1 lint\n"
                     "  docker push quay.io/acme/b:1\n  docker build -t quay.io/acme/c:1 .\n"),
              ElementsAre("0 3:1 /run quay.io/acme/a:1"));
  EXPECT_THAT(
      unread("config: \"<image>quay.io/acme/a:1</image>\"\nlist: '[\"quay.io/acme/b:1\", \"quay.io/acme/c:1\"]'\n"),
      ElementsAre("0 1:9 /config quay.io/acme/a:1", "0 2:7 /list quay.io/acme/b:1", "0 2:7 /list quay.io/acme/c:1"));
  // Once, although its line and its text lead to it.
  EXPECT_THAT(unread("run: |\n  image: quay.io/acme/a:1\n  x}}: {{\n"), ElementsAre("0 2:1 /run quay.io/acme/a:1"));
}

const std::string pin = "sha256:" + std::string(64, 'a');

// Most values that are given to a chart name the tag alone: the image's name is in the chart.
TEST(Unread, NamesTagsWithoutAName) {
  EXPECT_THAT(unread("image: {tag: v1.2}\nweb: {initImage: {registry: quay.io, tag: 16}}\n", "values.yaml"),
              ElementsAre("0 1:14 /image/tag :v1.2", "0 2:43 /web/initImage/tag :16"));
  EXPECT_THAT(unread("image: {tag: ''}\nimage2: {tag: v1}\nweb: {tag: v1, image: {tag: '${TAG}'}}\n"
                     "a: {image: {tag: 'v1@" +
                         pin + "'}}\nb: {image: {tag: v1, digest: '" + pin +
                         "'}}\n"
                         "c: {image: {repository: acme/web, tag: v1}}\nd: {backgroundImage: {tag: v1}}\n",
                     "values.yaml"),
              IsEmpty());
}

TEST(Unread, PassesOverKeys) {
  EXPECT_THAT(unread("a: b\nquay.io/acme/c:1: d\ne: {f: g, 'quay.io/acme/h:1': {i: j}}\n"), IsEmpty());
}

TEST(Unread, PassesOverImagesOfTexts) {
  EXPECT_THAT(unread("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    apiVersion: v1\n    kind: Pod\n"
                     "    spec: {containers: [{image: 'quay.io/acme/a:1'}]}\n"),
              IsEmpty());
}

TEST(Unread, PassesOverTheRest) {
  const std::vector<std::string_view> cases{
      "image: nginx\n",
      "image: logo.png\n",
      "image: acme/web\n",
      "image: {name: \"a:1\"}\n",
      "image: ./x:1\n",
      "image: \"a b:1\"\n",
      "image: 1\n",
      "image:\n",
      "image: disk:1.iso\n",
      "status: {image: a:1}\n",
      "example: {image: a:1}\n",
      "list: [a:1]\n",
      "steps: []\nimages: ['a:1', 'quay.io/acme/a:1']\n",
      "with: {tags: 'quay.io/acme/a:1,quay.io/acme/a:2'}\n",
      "example: {images: ['quay.io/acme/a:1']}\n",
      "description: see quay.io/acme/a:1\n",
      "'quay.io/acme/a:1': x\n",
      "text: \"image: a:1\"\n",
      "x: &a {y: 1}\nimage: *a\n",
  };
  for (const auto text : cases) EXPECT_THAT(unread(text), IsEmpty()) << text;
}

TEST(Unread, PassesOverImages) {
  EXPECT_THAT(unread("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'a:1'}]}\n"), IsEmpty());
  EXPECT_THAT(unread("services: {a: {image: 'a:1'}}\n"), IsEmpty());
  EXPECT_THAT(unread("image: {repository: a, tag: '1'}\n", "values.yaml"), IsEmpty());
  EXPECT_THAT(unread("x: &i a:1\nservices: {a: {image: *i}}\n"), IsEmpty());
}

TEST(DocumentForm, IsRecognisedByMembersAndNames) {
  using enum document_form;
  const std::vector<std::pair<std::pair<std::string_view, std::string_view>, document_form>> cases{
      {{"a.yaml", ""}, empty},
      {{"a.yaml", "# x\n"}, empty},
      {{"a.yaml", "null\n"}, empty},
      {{"a.yaml", "apiVersion: v1\nkind: Pod\n"}, object},
      {{"values.yaml", "apiVersion: v1\nkind: Pod\n"}, object},
      {{"kustomization.yaml", "images: []\n"}, kustomization},
      {{"kustomization.yaml", "kind: Other\n"}, other},
      {{".gitlab-ci.yml", "services: [a]\n"}, known},
      {{"a.yaml", "on: push\njobs: {a: {runs-on: x}}\n"}, known},
      {{"values.yaml", "services: {}\n"}, values},
      {{"a.yaml", "services: {}\n"}, compose},
      {{"a.yaml", "image: a:1\n"}, other},
      {{"a.yaml", "[1]\n"}, other},
  };
  for (const auto& [file, form] : cases) {
    const auto from = yaml::read_source(file.second);
    ASSERT_TRUE(from);
    const auto& documents = from->documents;
    EXPECT_EQ(documents.empty() ? empty : recognise(documents[0], file.first, form_of_file(file.first)).form, form)
        << file.first << ": " << file.second;
  }
}

TEST(ImageFile, KnowsWhetherItIsRead) {
  const std::vector<std::pair<std::pair<std::string_view, std::string_view>, std::string_view>> cases{
      {{"a.yaml", "image: a:1\n"}, "its form is not known"},
      {{"a.yaml", "image: a:1\n---\napiVersion: v1\nkind: Pod\n"}, ""},
      {{"a.yaml", ""}, ""},
      {{"-", "x: 1\n"}, "its form is not known"},
      {{"values.yaml", "x: 1\n"}, ""},
      {{"Dockerfile", "FROM a\n"}, ""},
      {{"web.nomad", "job \"web\" { image = \"a:1\" }\n"}, "HCL is not read"},
      {{"docker-bake.hcl", "target \"web\" {\n"}, "HCL is not read"},
  };
  for (const auto& [file, reason] : cases) {
    const auto read = image_file::read(std::string(file.second), file.first, {});
    ASSERT_TRUE(read) << file.first;
    EXPECT_EQ(read->unread_reason(), reason) << file.first << ": " << file.second;
  }
  image_places places;
  places.paths.push_back({"a.yaml", {"image"}});
  EXPECT_EQ(image_file::read("image: a:1\n", "a.yaml", places)->unread_reason(), "");
}

}  // namespace
}  // namespace pinhook::files
