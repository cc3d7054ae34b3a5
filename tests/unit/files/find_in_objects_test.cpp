#include "support/found_slots.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/find_slots.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FindInObjects, FindsThePlacesOfADeploymentsImages) {
  EXPECT_THAT(found_slots(R"(# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      initContainers:
        - name: migrate
          image: ghcr.io/acme/migrate  # newest
      containers:
        - image: "nginx:1.25"
          name: web
        - name: cache
          image: 'redis:7@sha256:0000000000000000000000000000000000000000000000000000000000000001'
        - name: none
          image: ""
      volumes:
        - name: model
          image:
            reference: quay.io/acme/model:v3
)"),
              ElementsAre("12:18 /spec/template/spec/initContainers/0/image | Deployment shop/web | migrate | "
                          "ghcr.io/acme/migrate | ghcr.io/acme/migrate",
                          "14:18 /spec/template/spec/containers/0/image | Deployment shop/web | web | "
                          "nginx:1.25 | nginx:1.25",
                          "17:18 /spec/template/spec/containers/1/image | Deployment shop/web | cache | "
                          "redis:7@sha256:0000000000000000000000000000000000000000000000000000000000000001 | redis:7",
                          "23:24 /spec/template/spec/volumes/0/image/reference | Deployment shop/web | model | "
                          "quay.io/acme/model:v3 | quay.io/acme/model:v3"));
}

// "group/kind ns type pull-policy" of each.
std::vector<std::string> owners(std::string_view text, std::string_view path = "a.yaml",
                                const image_places& places = {}) {
  std::vector<std::string> out;
  const auto file = image_file::read(std::string(text), path, places);
  if (!file) return {file.error().message};
  for (const slot& s : file->slots())
    out.push_back(fmt::format("{}/{} ns={} policy={}", s.group, s.kind, s.ns, s.pull_policy));
  return out;
}

TEST(FindInObjects, ReadsOwnerAndPullPolicy) {
  EXPECT_THAT(
      owners("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\n"
             "spec: {template: {metadata: {namespace: other}, spec: {containers: [{image: a:1, "
             "imagePullPolicy: Always}, {image: b:1}, {image: c:1, imagePullPolicy: 7}],\n"
             "  volumes: [{name: v, image: {reference: m:1, pullPolicy: Never}}]}}}\n"
             "---\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: a:1}]}\n"),
      ElementsAre("apps/Deployment ns=shop policy=Always", "apps/Deployment ns=shop policy=",
                  "apps/Deployment ns=shop policy=", "apps/Deployment ns=shop policy=Never", "/Pod ns= policy="));
}

TEST(FindInObjects, EachItemOfAListIsItsOwnOwner) {
  const std::string items =
      "items:\n- apiVersion: v1\n  kind: Pod\n  metadata: {namespace: a}\n  spec: {containers: [{image: x:1}]}\n"
      "- apiVersion: batch/v1\n  kind: Job\n  metadata: {namespace: b}\n"
      "  spec: {template: {spec: {containers: [{image: x:1}]}}}\n";
  for (const char* head : {"apiVersion: v1\nkind: List\n", "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"})
    EXPECT_THAT(owners(head + items), ElementsAre("/Pod ns=a policy=", "batch/Job ns=b policy="));
  EXPECT_THAT(owners("apiVersion: apps/v1\nkind: DeploymentList\nmetadata: {namespace: no}\nitems:\n"
                     "- spec: {template: {spec: {containers: [{image: x:1}]}}}\n"),
              ElementsAre("apps/Deployment ns= policy="));
}

TEST(FindInObjects, OtherMappingsHaveNoOwner) {
  EXPECT_THAT(owners("images:\n- name: a\n  newTag: v1\n", "kustomization.yaml"), ElementsAre("/ ns= policy="));
  EXPECT_THAT(owners("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop\n"
                     "metadata: {namespace: shop}\nimages:\n- name: a\n  newTag: v1\nx: {image: y:1}\n",
                     "k.yaml", {.kinds = {}, .paths = {{"k.yaml", {"x.image"}}}}),
              ElementsAre("/ ns= policy=", "/ ns= policy="));
  EXPECT_THAT(owners("services: {a: {image: a:1, pull_policy: always}}\n", "compose.yaml"),
              ElementsAre("/ ns= policy="));
}

TEST(FindInObjects, WhereTheOperatorSaysTheOwnerIsKnownToo) {
  EXPECT_THAT(owners("apiVersion: acme.io/v1\nkind: App\nmetadata: {namespace: shop}\nspec: {run: a:1}\n", "a.yaml",
                     {.kinds = {}, .paths = {{"a.yaml", {"spec.run"}}}}),
              ElementsAre("acme.io/App ns=shop policy="));
}

TEST(FindInObjects, KnowsTheTypeOfEachContainer) {
  const std::string_view text =
      "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: a:1}]\n  initContainers: [{image: b:1}]\n"
      "  ephemeralContainers: [{image: c:1}]\n  volumes: [{image: {reference: d:1}}]\n";
  auto from = yaml::read_source(text);
  ASSERT_TRUE(from);
  const auto found = find_images(*from, text, "", {});
  ASSERT_TRUE(found);
  std::vector<pin::container_type> types;
  for (const found_image& one : *found) types.push_back(one.slot.type);
  using enum pin::container_type;
  EXPECT_THAT(types, ElementsAre(container, init_container, ephemeral_container, image_volume));
}

TEST(FindInObjects, NamesAnObjectAsFarAsItIsWritten) {
  const auto object_in = [](std::string_view metadata) {
    const auto slots = found_slots("apiVersion: v1\nkind: Pod\nmetadata: " + std::string(metadata) +
                                   "\nspec: {containers: [{image: a:1}]}\n");
    return slots.empty() ? "" : slots[0].substr(0, slots[0].rfind(" | spec")).substr(slots[0].find(" | ") + 3);
  };
  EXPECT_EQ(object_in("{name: web, namespace: shop}"), "Pod shop/web");
  EXPECT_EQ(object_in("{name: web}"), "Pod web");
  EXPECT_EQ(object_in("{generateName: web-}"), "Pod web-");
  EXPECT_EQ(object_in("{namespace: shop}"), "Pod");
  EXPECT_EQ(object_in(""), "Pod");
  // Control sequences of a terminal are escaped, and no name is longer than the limit.
  EXPECT_EQ(object_in(R"({name: "w\e[31m"})"), R"(Pod "w\x1b[31m")");
  EXPECT_LT(object_in("{name: " + std::string(5000, 'x') + "}").size(), 300U);
}

TEST(FindInObjects, ReadsEveryKindAsTheWebhookDoes) {
  struct row {
    std::string_view text, expected;
  };
  for (const row& r : {
           row{"apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: "
               "[{name: a, image: b:1}]}}}}}\n",
               "3:77 /spec/jobTemplate/spec/template/spec/containers/0/image | CronJob | a | b:1 | b:1"},
           row{"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  templates:\n  - name: main\n    container:\n"
               "      image: b:1\n",
               "7:14 /spec/templates/0/container/image | Workflow | spec.templates[0].container.image | b:1 | b:1"},
           row{"apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n  - name: run\n    image: b:1\n",
               "6:12 /spec/steps/0/image | Task | run | b:1 | b:1"},
           // Not in the table: searched.
           row{"apiVersion: example.com/v1\nkind: Shop\nspec:\n  front:\n    pod:\n      containers:\n"
               "      - image: b:1\n",
               "7:16 /spec/front/pod/containers/0/image | Shop | spec.front.pod.containers[0].image | b:1 | b:1"},
           // The operator's.
           row{"apiVersion: example.com/v1\nkind: Fleet\nspec:\n  run: b:1\n",
               "4:8 /spec/run | Fleet | spec.run | b:1 | b:1"},
       }) {
    image_places places;
    places.kinds = pin::pod_paths({{"example.com", "Fleet", {"spec.run"}}});
    EXPECT_THAT(found_slots(r.text, "x.yaml", places), ElementsAre(r.expected));
  }
}

TEST(FindInObjects, ReadsEachDocumentByItself) {
  EXPECT_THAT(
      found_slots("---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: x, image: "
                  "b:1}]}\n---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\ndata: {image: no}\n---\n"
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: y, image: c}]}\n"),
      ElementsAre("5:38 /spec/containers/0/image | Pod a | x | b:1 | b:1",
                  "16:38 /spec/containers/0/image | Pod b | y | c | c"));
}

TEST(FindInObjects, CountsCharactersInLinesOfAnyEnd) {
  // A byte order mark, CR LF, and letters of several bytes before the image.
  EXPECT_THAT(found_slots("\xEF\xBB\xBF"
                          "apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n"
                          "  - {name: \"f\xC3\xBC\xC3\xA4\", image: b:1}\r\n"),
              ElementsAre("5:26 /spec/containers/0/image | Pod | f\xC3\xBC\xC3\xA4 | b:1 | b:1"));
}

TEST(FindInObjects, ReadsJson) {
  EXPECT_THAT(found_slots("{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"spec\": {\n    \"containers\": [\n"
                          "      {\"name\": \"a\", \"image\": \"b:1\"}]}}\n",
                          "pod.json"),
              ElementsAre("6:30 /spec/containers/0/image | Pod | a | b:1 | b:1"));
  // Escapes in the value, and in the key.
  EXPECT_THAT(found_slots(R"({"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"\u0069mage":"b\u003a1"}]}})"),
              ElementsAre("1:69 /spec/containers/0/image | Pod | spec.containers[0].image | b:1 | b:1"));
}

TEST(FindInObjects, ReadsEveryStyleOfScalar) {
  EXPECT_THAT(
      found_slots("apiVersion: v1\nkind: Pod\nspec:\n  \"containers\":\n  - 'image': >-\n      b:1\n  - image: |-\n"
                  "      c:1\n  - {\"image\": \"d\\x3a1\"}\n  - ? image\n    : e:1\n  - image: !!str f:1\n"
                  "  - image:\n      g:1\n  - image: &x h:1\n"),
      ElementsAre("6:7 /spec/containers/0/image | Pod | spec.containers[0].image | b:1 | b:1",
                  "8:7 /spec/containers/1/image | Pod | spec.containers[1].image | c:1 | c:1",
                  "9:15 /spec/containers/2/image | Pod | spec.containers[2].image | d:1 | d:1",
                  "11:7 /spec/containers/3/image | Pod | spec.containers[3].image | e:1 | e:1",
                  "12:18 /spec/containers/4/image | Pod | spec.containers[4].image | f:1 | f:1",
                  "14:7 /spec/containers/5/image | Pod | spec.containers[5].image | g:1 | g:1",
                  "15:15 /spec/containers/6/image | Pod | spec.containers[6].image | h:1 | h:1"));
}

TEST(FindInObjects, TakesAnAliasForASlotOfItsOwn) {
  EXPECT_THAT(found_slots("apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: {from: &i b:1}\nspec:\n  containers:\n"
                          "  - name: a\n    image: *i\n  - name: b\n    image: *i\n"),
              ElementsAre("8:12 /spec/containers/0/image | Pod | a | b:1 | b:1",
                          "10:12 /spec/containers/1/image | Pod | b | b:1 | b:1"));
  // A collection behind an alias: the place of its images is that of the anchor.
  EXPECT_THAT(found_slots("apiVersion: v1\nkind: Pod\nspec:\n  containers: &c\n  - name: a\n    image: b:1\n"
                          "  initContainers: *c\n"),
              ElementsAre("6:12 /spec/containers/0/image | Pod | a | b:1 | b:1",
                          "6:12 /spec/initContainers/0/image | Pod | a | b:1 | b:1"));
}

TEST(FindInObjects, FollowsMergeKeys) {
  EXPECT_THAT(found_slots("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &base\n    name: a\n    image: b:1\n"
                          "  - <<: *base\n    name: b\n  - <<: [*base]\n    name: c\n    image: d:1\n"),
              ElementsAre("7:12 /spec/containers/0/image | Pod | a | b:1 | b:1",
                          "7:12 /spec/containers/1/image | Pod | b | b:1 | b:1",
                          "12:12 /spec/containers/2/image | Pod | c | d:1 | d:1"));
}

TEST(FindInObjects, ReadsListsItemByItem) {
  EXPECT_THAT(found_slots(R"(apiVersion: v1
kind: List
metadata: {labels: {pinhook.dev/pin: skip}}
items:
- apiVersion: v1
  kind: ConfigMap
- apiVersion: v1
  kind: List
  items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: a}
    spec: {containers: [{name: x, image: b:1}]}
- no object
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: s}
  spec: {template: {spec: {containers: [{name: y, image: c:1}]}}}
)"),
              ElementsAre("13:42 /items/1/items/0/spec/containers/0/image | Pod a | x | b:1 | b:1",
                          "18:58 /items/3/spec/template/spec/containers/0/image | StatefulSet s | y | c:1 | c:1"));
}

TEST(FindInObjects, KnowsTheItemsOfATypedList) {
  EXPECT_THAT(found_slots("apiVersion: batch/v1\nkind: JobList\nitems:\n- metadata: {name: a}\n"
                          "  spec: {template: {spec: {containers: [{name: x, image: b:1}]}}}\n"),
              ElementsAre("5:58 /items/0/spec/template/spec/containers/0/image | Job a | x | b:1 | b:1"));
  // A kind with the ending List but without items is an object.
  EXPECT_THAT(found_slots("apiVersion: example.com/v1\nkind: AllowList\nspec: {containers: [{name: x, image: b:1}]}\n"),
              ElementsAre("3:38 /spec/containers/0/image | AllowList | x | b:1 | b:1"));
}

TEST(FindInObjects, ReadsAResourceListsItems) {
  EXPECT_THAT(found_slots("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n"
                          "  apiVersion: v1\n  kind: Pod\n  spec: {containers: [{image: not:this}]}\nitems:\n"
                          "- apiVersion: v1\n  kind: Pod\n  spec: {containers: [{name: x, image: b:1}]}\n"
                          "- apiVersion: kustomize.config.k8s.io/v1beta1\n  kind: Kustomization\n"
                          "  images: [{name: c, newTag: '2'}]\n"),
              ElementsAre("10:40 /items/0/spec/containers/0/image | Pod | x | b:1 | b:1",
                          "13:30 /items/1/images/0 | kustomization | c | c:2 | c:2"));
}

TEST(FindInObjects, LeavesASkippedObjectAlone) {
  EXPECT_THAT(found_slots("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n"
                          "  metadata: {labels: {pinhook.dev/pin: skip}}\n"
                          "  spec: {containers: [{name: a, image: b:1}, {name: b, image: 'No Image'}]}\n"
                          "- apiVersion: v1\n  kind: Pod\n  metadata: {labels: {pinhook.dev/pin: enforce}}\n"
                          "  spec: {containers: [{name: c, image: d:1}]}\n"),
              ElementsAre("7:40 /items/0/spec/containers/0/image | Pod | a | b:1 | (skip-label)",
                          "7:63 /items/0/spec/containers/1/image | Pod | b | No Image | (skip-label)",
                          "11:40 /items/1/spec/containers/0/image | Pod | c | d:1 | d:1"));
}

TEST(FindInObjects, TellsVariablesFromMistakes) {
  const auto meaning_of = [](std::string_view image) {
    const auto slots =
        found_slots("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: \"" + std::string(image) + "\"}]}\n");
    return slots.size() == 1 ? slots[0].substr(slots[0].rfind("| ") + 2) : "none";
  };
  for (const std::string_view image : {"{{ .Values.image }}", "nginx:{{inputs.parameters.tag}}", "$(params.image)",
                                       "${REGISTRY}/nginx:1.25", "nginx:${TAG:-1.25}", "nginx:$TAG"})
    EXPECT_EQ(meaning_of(image), "(variable)") << image;
  for (const std::string_view image : {"Nginx", "nginx:", "nginx:1.25 ", "https://nginx", "nginx$", "nginx@sha256:12"})
    EXPECT_EQ(meaning_of(image), "(invalid)") << image;
  EXPECT_EQ(meaning_of(""), "none");
}

TEST(FindInObjects, ReportsTheFaultOfAReference) {
  const std::string_view text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: Nginx}]}\n";
  auto from = yaml::read_source(text);
  ASSERT_TRUE(from);
  const auto found = find_images(*from, text, "", {});
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ(found->front().slot.problem, registry::reference::parse("Nginx").error().message);
}

TEST(FindInObjects, SkipsValuesThatAreNotStrings) {
  EXPECT_THAT(found_slots("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: 1.25\n  - image:\n  - image: ~\n"
                          "  - image: true\n  - image: {a: b}\n  - image: [a]\n"),
              IsEmpty());
}

TEST(FindInObjects, NamesTheDuplicateKey) {
  struct row {
    std::string_view text, expected;
  };
  for (const row& r : {
           row{"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env: [{name: a, name: b}]\n    image: b:1\n"
               "    image: c:1\n",
               "malformed: line 7, column 5: duplicate key \"image\""},
           row{"apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: b:1}]\nspec:\n  containers: [{image: c:1}]\n",
               "malformed: line 5, column 1: duplicate key \"spec\""},
           row{"apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, image: b:1, name: c}]\n",
               "malformed: line 4, column 38: duplicate key \"name\""},
           row{"apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {a: b}\n  labels: {c: d}\n"
               "spec: {containers: [{image: b:1}]}\n",
               "malformed: line 5, column 3: duplicate key \"labels\""},
           // Searched for pod specs.
           row{"apiVersion: example.com/v1\nkind: Shop\nspec:\n  a: {containers: [{image: b:1}]}\n  b: [{c: 1, c: 2}]\n"
               "  a: {containers: [{image: c:1}]}\n",
               "malformed: line 6, column 3: duplicate key \"a\""},
           row{"apiVersion: example.com/v1\nkind: Shop\nspec:\n  a:\n  a: {containers: [{image: c:1}]}\n",
               "malformed: line 5, column 3: duplicate key \"a\""},
           row{"apiVersion: v1\nkind: Pod\nkind: Job\nspec: {containers: [{image: b:1}]}\n",
               "malformed: line 3, column 1: duplicate key \"kind\""},
           row{"apiVersion: v1\nkind: List\nitems: []\nitems: [{image: a}]\n",
               "malformed: line 4, column 1: duplicate key \"items\""},
       })
    EXPECT_THAT(found_slots(r.text), ElementsAre(r.expected));
  // No image depends on it.
  EXPECT_THAT(
      found_slots("apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: b:1, env: [{name: a, name: b}]}]\n"),
      SizeIs(1));
}

TEST(FindInObjects, RefusesTooManyImagesInOneObject) {
  std::string text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n";
  for (std::size_t i = 0; i < pin::max_slots; ++i) text += "  - image: b:1\n";
  EXPECT_THAT(found_slots(text), SizeIs(pin::max_slots));
  EXPECT_THAT(found_slots(text + "  - image: b:1\n"),
              ElementsAre("malformed: line 1, column 1: it has more than 1000 images"));
}

TEST(FindInObjects, RefusesListsNestedByAliasesForEver) {
  // Each list holds the one before it through an alias, so the limit of nested brackets does not apply.
  const auto lists = [](std::size_t depth) {
    std::string text = "x0: &x0 {apiVersion: v1, kind: Pod, spec: {containers: [{image: b:1}]}}\n";
    for (std::size_t i = 1; i < depth; ++i)
      text += fmt::format("x{}: &x{} {{apiVersion: v1, kind: List, items: [*x{}]}}\n", i, i, i - 1);
    return text + fmt::format("apiVersion: v1\nkind: List\nitems: [*x{}]\n", depth - 1);
  };
  EXPECT_THAT(found_slots(lists(max_list_depth)), SizeIs(1));
  EXPECT_THAT(found_slots(lists(max_list_depth + 1)), ElementsAre(HasSubstr("lists are nested more than 100 deep")));
}

TEST(FindInObjects, RefusesAliasesThatExpandWithoutEnd) {
  // In lists, and in one object: the size doubles with every line.
  std::string lists = "x0: &x0 {apiVersion: v1, kind: Pod, spec: {containers: [{image: b:1}]}}\n";
  std::string object = "apiVersion: v1\nkind: Pod\nx0: &x0 [image, image]\n";
  for (int i = 1; i < 40; ++i) {
    lists += fmt::format("x{}: &x{} {{apiVersion: v1, kind: List, items: [*x{}, *x{}]}}\n", i, i, i - 1, i - 1);
    object += fmt::format("x{}: &x{} [*x{}, *x{}]\n", i, i, i - 1, i - 1);
  }
  lists += "apiVersion: v1\nkind: List\nitems: [*x39]\n";
  EXPECT_THAT(found_slots(lists), ElementsAre(HasSubstr("its aliases expand to more than")));
  EXPECT_THAT(found_slots(object), ElementsAre(HasSubstr("its aliases expand to more than")));
}

}  // namespace
}  // namespace pinhook::files
