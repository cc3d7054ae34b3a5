#include <pinhook/cli/demo_history.hpp>

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace pinhook::cli {
namespace {

using std::chrono::days;

using pins = demo::made_up_cluster::written_digests;

// An image of a Deployment, and how many days ago it came and went.
struct past_use {
  std::string_view ns, name, image;
  /// Of the finding that it had; empty: none.
  std::string_view kind;
  int from = 0;
  int to = 0;
  /// The digest to which the image is pinned.
  std::string pins::* digest = nullptr;
};

constexpr int is_there_still = std::numeric_limits<int>::min();
constexpr int first_day = 30;
constexpr int web_moved = 6;
constexpr std::array past_uses{
    past_use{"shop", "web", "shop/web:1.4", "unpinned", first_day, is_there_still},
    past_use{"shop", "web", "shop/web:1.4", "mixed", web_moved, is_there_still},
    past_use{"shop", "api", "shop/api:2.1.0", "unpinned", first_day, is_there_still},
    past_use{"shop", "pay", "shop/pay:3.0", "unpinned", first_day, 22},
    past_use{"shop", "pay", "shop/pay:3.0", "", 22, is_there_still, &pins::pay},
    past_use{"office", "report", "office/report", "", first_day, is_there_still, &pins::report},
    past_use{"shop", "cart", "shop/cart:1.0", "unpinned", first_day, 17},
    past_use{"office", "mail", "tools/mail:0.9", "unpinned", first_day, is_there_still},
    past_use{"lab", "proxy", "tools/proxy", "no-tag", first_day, is_there_still},
    past_use{"lab", "bench", "tools/bench:latest", "latest", 26, 17},
    past_use{"lab", "trial", "tools/proxy:latest", "latest", 12, is_there_still},
};

}  // namespace

std::vector<store::observation> demo_history(const demo::made_up_cluster& cluster, std::string_view registry,
                                             wall_time now) {
  std::vector<store::observation> out;
  for (int ago = first_day; ago > 0; --ago) {
    store::observation& day = out.emplace_back();
    day.cluster = demo::made_up_cluster::address;
    day.at = now - days(ago);
    for (const past_use& one : past_uses) {
      if (ago > one.from || ago <= one.to) continue;
      const std::string name(one.name);
      store::image_use use{std::string(one.ns), "Deployment/" + name, name, fmt::format("{}/{}", registry, one.image)};
      if (one.digest != nullptr) use.image += "@" + cluster.pins().*one.digest;
      if (day.uses.empty() || day.uses.back().use != use) day.uses.push_back({std::move(use), {}});
      if (one.kind.empty()) continue;
      day.uses.back().findings.push_back({std::string(one.kind), "a finding of the demo's past"});
    }
    const bool has_moved = ago <= web_moved;
    day.tags.push_back({fmt::format("{}/shop/web:1.4", registry),
                        has_moved ? cluster.web().after : cluster.web().before, has_moved ? "bytes" : ""});
  }
  return out;
}

}  // namespace pinhook::cli
