#include <pinhook/pipeline/slot_rules.hpp>

#include "support/fake_digests.hpp"
#include "support/made_rules.hpp"

#include <pinhook/files/image_file.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::format_rule;
using pinhook::testing::made_rules;
using pinhook::testing::never_rule;

const std::string a = pinhook::testing::digest_of_digit('a').to_string();

std::vector<files::slot> slots(std::string_view text, std::string_view path = "a.yaml") {
  const auto file = files::image_file::read(std::string(text), path, {});
  if (!file) throw std::runtime_error(file.error().message);
  return file->slots();
}

std::string pod(std::string_view image, std::string_view metadata = "{}") {
  return "apiVersion: v1\nkind: Pod\nmetadata: " + std::string(metadata) +
         "\nspec:\n  containers:\n  - name: web\n    image: " + std::string(image) + "\n";
}

std::string never(const rules::rule& r, const std::vector<files::slot>& of, const std::string& ns = "") {
  return slot_rules{.set = made_rules({r}), .ns = ns}.order_of(of.front()).never;
}

TEST(SlotRules, MatchTheTagAndTheDigestThatAreKnown) {
  struct row {
    std::string image;
    std::string_view pattern;
    bool is_matched;
  };
  const std::vector<row> table{
      {"nginx:1.25", "docker.io/library/nginx:1.25", true},
      {"nginx", "*:latest", true},
      {"nginx@" + a + " # nginx", "*:latest", true},
      {"nginx@" + a + " # nginx:1.25", "docker.io/library/nginx:1.*", true},
      {"nginx@" + a + " # nginx:1.25", "*:latest", false},
      {"nginx@" + a + " # nginx:1.25", "docker.io/library/nginx@sha256:aaaa*", true},
      {"nginx:1.25@" + a, "docker.io/library/nginx:1.25@sha256:aaaa*", true},
      {"nginx@" + a, "docker.io/library/nginx:*", false},
      {"nginx@" + a, "docker.io/library/nginx", true},
  };
  for (const row& one : table)
    EXPECT_EQ(never(never_rule("r", {one.pattern}), slots(pod(one.image))), one.is_matched ? "r" : "")
        << one.image << " " << one.pattern;
}

TEST(SlotRules, TheNamespaceIsTheObjectsElseTheOption) {
  auto r = never_rule("r");
  r.about.namespaces = {"shop"};
  EXPECT_EQ(never(r, slots(pod("nginx", "{namespace: shop}"))), "r");
  EXPECT_EQ(never(r, slots(pod("nginx", "{namespace: shop}")), "other"), "r");
  EXPECT_EQ(never(r, slots(pod("nginx", "{namespace: other}")), "shop"), "");
  EXPECT_EQ(never(r, slots(pod("nginx"))), "");
  EXPECT_EQ(never(r, slots(pod("nginx")), "shop"), "r");
  EXPECT_EQ(never(r, slots("image: nginx\n", "values.yaml"), "shop"), "r");
  EXPECT_EQ(never(r, slots("image: nginx\n", "values.yaml")), "");
}

TEST(SlotRules, KindContainerAndTypeAreTheSlots) {
  auto kind = never_rule("r");
  kind.about.kinds = {"core/Pod"};
  EXPECT_EQ(never(kind, slots(pod("nginx"))), "r");
  EXPECT_EQ(never(kind, slots("services: {web: {image: nginx}}\n", "compose.yaml")), "");
  auto container = never_rule("r");
  container.about.containers = {"we*"};
  EXPECT_EQ(never(container, slots(pod("nginx"))), "r");
  EXPECT_EQ(never(container, slots("services: {web: {image: nginx}}\n", "compose.yaml")), "r");
  auto type = never_rule("r");
  type.about.types = {pin::container_type::other};
  EXPECT_EQ(never(type, slots(pod("nginx"))), "");
  EXPECT_EQ(never(type, slots("images: [{name: nginx, newTag: v1}]\n", "kustomization.yaml")), "r");
}

TEST(SlotRules, InvalidReferencesHaveNoOrder) {
  EXPECT_EQ(never(never_rule("r"), slots(pod("Nginx:1"))), "");
  EXPECT_EQ(never(never_rule("r"), slots(pod("'{{ .Values.image }}'"))), "");
}

TEST(SlotRules, TheFormatOptionPrecedesRules) {
  const auto of = slots(pod("nginx"));
  slot_rules orders{.set = made_rules({format_rule("r", {})})};
  EXPECT_EQ(orders.order_of(of.front()).format, pin::pin_format::tag_and_digest);
  orders.format = pin::pin_format::digest;
  EXPECT_EQ(orders.order_of(of.front()).format, pin::pin_format::digest);
  EXPECT_EQ(orders.orders_of(of).front().format, pin::pin_format::digest);
  EXPECT_EQ(slot_rules{.format = pin::pin_format::digest}.orders_of(of).front().format, pin::pin_format::digest);
}

TEST(SlotRules, AnAliasOfAScalarIsAPlaceOfItsOwn) {
  auto r = never_rule("r");
  r.about.containers = {"b"};
  const auto of = slots(
      "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: &i nginx}\n  - {name: b, image: *i}\n");
  const auto orders = slot_rules{.set = made_rules({r})}.orders_of(of);
  ASSERT_EQ(orders.size(), 2U);
  EXPECT_EQ(orders[0].never, "");
  EXPECT_EQ(orders[1].never, "r");
}

TEST(SlotRules, WithoutRulesNothingIsOrdered) {
  const auto of = slots(pod("nginx"));
  EXPECT_EQ(slot_rules{}.orders_of(of), std::vector<slot_order>{{}});
}

}  // namespace
}  // namespace pinhook::pipeline
