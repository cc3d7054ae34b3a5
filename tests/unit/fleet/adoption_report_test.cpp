#include <pinhook/fleet/adoption_report.hpp>

#include "support/fleet_objects.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::fleet {
namespace {

std::vector<workload_adoption> some() {
  const auto digest = registry::digest::parse(testing::digest_text('a')).value();
  image_adoption adopted{.container = "web", .image = "nginx:1.25", .state = adoption_state::adopted};
  adopted.digest = digest;
  image_adoption current = adopted;
  current.state = adoption_state::current;
  image_adoption left{.container = "db", .image = "redis\x1b[2J"};
  left.leave("its ready Pods run different digests");
  return {{{"shop", "apps", "Deployment", "web"}, {adopted, left}}, {{"lab", "apps", "StatefulSet", "db"}, {current}}};
}

TEST(AdoptionReport, HasALineForEachImage) {
  EXPECT_EQ(adoption_table(some(), false),
            "NAMESPACE  WORKLOAD        CONTAINER  IMAGE         RESULT\n"
            "shop       Deployment/web  web        nginx:1.25    adopted " +
                testing::digest_text('a') +
                "\n"
                "shop       Deployment/web  db         redis\\x1b[2J  left\n"
                "  its ready Pods run different digests\n"
                "lab        StatefulSet/db  web        nginx:1.25    current " +
                testing::digest_text('a') + "\n");
  EXPECT_EQ(adoption_table({}, false), "");
  EXPECT_NE(adoption_table(some(), true).find("would adopt sha256:"), std::string::npos);
}

TEST(AdoptionReport, IsJson) {
  const auto text = adoption_json(some(), true);
  EXPECT_NE(text.find(R"("result": "pending",
    "digest": "sha256:aaaa)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("digest": null,
    "reason": "its ready Pods run different digests")"),
            std::string::npos);
  EXPECT_NE(text.find("\"rollout\": null,\n    \"rollout_reason\": null"), std::string::npos);
  auto all = some();
  all[0].rollout = {rollout_state::failed, "1 of 2 Pods ready"};
  EXPECT_NE(adoption_json(all, false).find("\"rollout\": \"failed\",\n    \"rollout_reason\": \"1 of 2 Pods ready\""),
            std::string::npos);
  EXPECT_EQ(adoption_json({}, false), "[]\n");
}

TEST(AdoptionReport, CountsAtTheEnd) {
  EXPECT_EQ(adoption_summary(some(), false), "adopted 1 image; 1 is recorded already; 1 is left");
  EXPECT_EQ(adoption_summary(some(), true), "would adopt 1 image; 1 is recorded already; 1 is left");
  EXPECT_EQ(adoption_summary({}, false), "nothing to adopt");
}

}  // namespace
}  // namespace pinhook::fleet
