#include <pinhook/pipeline/site_rules.hpp>

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

std::vector<files::site> sites(std::string_view text, std::string_view path = "a.yaml") {
  const auto file = files::image_file::read(std::string(text), path, {});
  if (!file) throw std::runtime_error(file.error().message);
  return file->sites();
}

std::string pod(std::string_view image, std::string_view metadata = "{}") {
  return "apiVersion: v1\nkind: Pod\nmetadata: " + std::string(metadata) +
         "\nspec:\n  containers:\n  - name: web\n    image: " + std::string(image) + "\n";
}

std::string never(const rules::rule& r, const std::vector<files::site>& of, const std::string& ns = "") {
  return site_rules{.set = made_rules({r}), .ns = ns}.order_of(of.front()).never;
}

TEST(SiteRules, MatchTheTagAndTheDigestThatAreKnown) {
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
    EXPECT_EQ(never(never_rule("r", {one.pattern}), sites(pod(one.image))), one.is_matched ? "r" : "")
        << one.image << " " << one.pattern;
}

TEST(SiteRules, TheNamespaceIsTheObjectsElseTheOption) {
  auto r = never_rule("r");
  r.about.namespaces = {"shop"};
  EXPECT_EQ(never(r, sites(pod("nginx", "{namespace: shop}"))), "r");
  EXPECT_EQ(never(r, sites(pod("nginx", "{namespace: shop}")), "other"), "r");
  EXPECT_EQ(never(r, sites(pod("nginx", "{namespace: other}")), "shop"), "");
  EXPECT_EQ(never(r, sites(pod("nginx"))), "");
  EXPECT_EQ(never(r, sites(pod("nginx")), "shop"), "r");
  EXPECT_EQ(never(r, sites("image: nginx\n", "values.yaml"), "shop"), "r");
  EXPECT_EQ(never(r, sites("image: nginx\n", "values.yaml")), "");
}

TEST(SiteRules, KindContainerAndTypeAreTheSites) {
  auto kind = never_rule("r");
  kind.about.kinds = {"core/Pod"};
  EXPECT_EQ(never(kind, sites(pod("nginx"))), "r");
  EXPECT_EQ(never(kind, sites("services: {web: {image: nginx}}\n", "compose.yaml")), "");
  auto container = never_rule("r");
  container.about.containers = {"we*"};
  EXPECT_EQ(never(container, sites(pod("nginx"))), "r");
  EXPECT_EQ(never(container, sites("services: {web: {image: nginx}}\n", "compose.yaml")), "r");
  auto type = never_rule("r");
  type.about.types = {pin::container_type::other};
  EXPECT_EQ(never(type, sites(pod("nginx"))), "");
  EXPECT_EQ(never(type, sites("images: [{name: nginx, newTag: v1}]\n", "kustomization.yaml")), "r");
}

TEST(SiteRules, InvalidReferencesHaveNoOrder) {
  EXPECT_EQ(never(never_rule("r"), sites(pod("Nginx:1"))), "");
  EXPECT_EQ(never(never_rule("r"), sites(pod("'{{ .Values.image }}'"))), "");
}

TEST(SiteRules, TheFormatOptionPrecedesRules) {
  const auto of = sites(pod("nginx"));
  site_rules orders{.set = made_rules({format_rule("r", {})})};
  EXPECT_EQ(orders.order_of(of.front()).format, pin::pin_format::tag_and_digest);
  orders.format = pin::pin_format::digest;
  EXPECT_EQ(orders.order_of(of.front()).format, pin::pin_format::digest);
  EXPECT_EQ(orders.orders_of(of).front().format, pin::pin_format::digest);
  EXPECT_EQ(site_rules{.format = pin::pin_format::digest}.orders_of(of).front().format, pin::pin_format::digest);
}

TEST(SiteRules, AnAliasOfAScalarIsAPlaceOfItsOwn) {
  auto r = never_rule("r");
  r.about.containers = {"b"};
  const auto of = sites(
      "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: &i nginx}\n  - {name: b, image: *i}\n");
  const auto orders = site_rules{.set = made_rules({r})}.orders_of(of);
  ASSERT_EQ(orders.size(), 2U);
  EXPECT_EQ(orders[0].never, "");
  EXPECT_EQ(orders[1].never, "r");
}

TEST(SiteRules, WithoutRulesNothingIsOrdered) {
  const auto of = sites(pod("nginx"));
  EXPECT_EQ(site_rules{}.orders_of(of), std::vector<site_order>{{}});
}

}  // namespace
}  // namespace pinhook::pipeline
