// The plan of make_plan for an object of a workload (or a Pod) with one container.
//
//   const auto p = plan_of({.image = "nginx:1.26", .is_update = true});
//   EXPECT_EQ(decision_for(p).action, pin::decision::kind::resolve);
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/plan.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

inline std::string digest_text(char c) { return "sha256:" + std::string(64, c); }

inline std::string record(std::string_view reference, char c) {
  return fmt::format(R"({{\"{}\":\"{}\"}})", reference, digest_text(c));
}

/// `metadata` is the inside of the object's metadata.
struct example {
  std::string group = "apps", kind = "Deployment", subresource = {};
  std::string image = "nginx:1.25", old_image = "nginx:1.25";
  std::string metadata = {}, old_metadata = {};
  std::string more = {}, old_more = {};  // further members of the pod spec, with a leading comma
  bool is_update = false;
  pin::mode mode = pin::mode::enforce;
  pin::policy policy = {};
  std::vector<pin::slot_order> orders = {};
  pin::name_meaning meaning_of = {};
};

struct planned {
  pin::plan plan;
  pin::object now;
};

inline planned plan_of(const example& e) {
  const auto text = [&](const std::string& image, const std::string& metadata, const std::string& more) {
    const std::string spec = fmt::format(R"({{"containers":[{{"name":"web","image":"{}"}}]{}}})", image, more);
    const bool is_pod = e.kind == "Pod";
    return fmt::format(R"({{"metadata":{{{}}},"spec":{}}})", metadata,
                       is_pod ? spec : fmt::format(R"({{"replicas":2,"template":{{"spec":{}}}}})", spec));
  };
  const std::string now_text = text(e.image, e.metadata, e.more);
  const std::string old_text = text(e.old_image, e.old_metadata, e.old_more);
  const pin::pod_paths paths(e.policy.kinds);
  const auto places = paths.of(e.group, e.kind);
  auto now = pin::read_object(now_text, places);
  const auto before = pin::read_object(old_text, places);
  EXPECT_TRUE(now && before) << now_text;
  const pin::request asked{e.is_update ? pin::operation::update : pin::operation::create,
                           e.group,
                           e.kind,
                           e.subresource,
                           "shop",
                           paths.images_of(e.group, e.kind),
                           e.meaning_of};
  EXPECT_EQ(pin::exempt_by_request(asked, e.policy), pin::leave_reason::none);
  auto plan = pin::make_plan(asked, e.mode, e.policy, *now, e.is_update ? &*before : nullptr, e.orders);
  EXPECT_TRUE(plan);
  return {std::move(*plan), std::move(*now)};
}

/// The decision for the slot with this label.
inline pin::decision decision_for(const planned& p, std::string_view label = "web") {
  for (const pin::decision& d : p.plan.decisions)
    if (pin::label_of(p.now.found.slots[d.slot]) == label) return d;
  ADD_FAILURE() << "no slot " << label;
  return {};
}

inline bool has_warning(const planned& p, std::string_view part) {
  return std::ranges::any_of(p.plan.warnings, [&](const std::string& w) { return w.find(part) != std::string::npos; });
}

inline bool has_work(const pin::plan& p) {
  return std::ranges::any_of(p.decisions,
                             [](const pin::decision& d) { return d.action != pin::decision::kind::leave; });
}

inline std::string annotation(std::string_view name, std::string_view value) {
  return fmt::format(R"("pinhook.dev/{}":"{}")", name, value);
}

/// A Deployment that was pinned, and a new value of the refresh annotation.
inline example refreshed() {
  example e{.image = "nginx@" + digest_text('a'), .old_image = "nginx@" + digest_text('a'), .is_update = true};
  const std::string pins = annotation("pins", record("docker.io/library/nginx:1.25", 'a'));
  e.old_metadata = R"("annotations":{)" + pins + "," + annotation("refresh", "1") + "}";
  e.metadata = R"("annotations":{)" + pins + "," + annotation("refresh", "2") + "}";
  return e;
}

}  // namespace pinhook::testing
