#include <pinhook/cli/kind_list.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/pin/kind_table.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <regex>
#include <string>

namespace pinhook::cli {
namespace {

TEST(KindList, HasALineForEachPlace) {
  const std::string text = kind_list(output_format::text);
  const auto has = [&](const std::string& pattern) { return std::regex_search(text, std::regex(pattern)); };
  EXPECT_TRUE(has(R"(^KIND +RESOURCE +SENT +IMAGES +WHERE\n)"));
  EXPECT_TRUE(has(R"(\nPod +pods +yes +changeable +spec \(pod spec\)\n +pods/ephemeralcontainers +yes\n)"));
  EXPECT_TRUE(has(R"(\nbatch/Job +jobs +yes +immutable +spec\.template \(pod template\)\n)"));
  EXPECT_TRUE(has(R"(\ntekton\.dev/Task +tasks +yes +changeable +spec\.steps\[\*\] \(container\)\n)"
                  R"( +spec\.sidecars\[\*\] \(container\)\n)"));
  EXPECT_TRUE(has(R"(\ntekton\.dev/ClusterTask +clustertasks +no: cluster-scoped +changeable)"));
  EXPECT_TRUE(has(R"(\nserving\.knative\.dev/Service +services +yes +immutable by name)"));
}

TEST(KindList, IsTheTableAsJson) {
  const auto parsed = json::parse(kind_list(output_format::json));
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto& kinds = (*parsed)["kinds"];
  const auto table = pin::known_kinds();
  ASSERT_EQ(kinds.Size(), table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& k = kinds[static_cast<rapidjson::SizeType>(i)];
    EXPECT_EQ(json::find_string(k, "group"), table[i].group);
    EXPECT_EQ(json::find_string(k, "kind"), table[i].kind);
    EXPECT_EQ(json::find_string(k, "resource"), table[i].resource);
    EXPECT_EQ(json::find_bool(k, "sent"), table[i].is_sent());
    EXPECT_EQ(json::find_string(k, "images"), to_string(table[i].images));
    EXPECT_EQ(k["subresource"].IsNull(), table[i].subresource.empty());
    ASSERT_EQ(k["places"].Size(), table[i].places.size());
    EXPECT_EQ(json::find_string(k["places"][0], "path"), table[i].places[0].path);
    EXPECT_EQ(json::find_string(k["places"][0], "holds"), to_string(table[i].places[0].holds));
  }
}

}  // namespace
}  // namespace pinhook::cli
