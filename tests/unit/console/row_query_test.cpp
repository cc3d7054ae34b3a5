#include <pinhook/console/row_query.hpp>

#include "shown_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace testing;
using ::testing::HasSubstr;

struct query_case {
  std::string query;
  std::vector<std::string> rows;
};
std::ostream& operator<<(std::ostream& out, const query_case& c) { return out << c.query; }

class RowQuery : public ::testing::TestWithParam<query_case> {};

std::vector<std::string> found(const std::string& query, const visible_namespaces& to = std::nullopt) {
  static const fleet_view view = small_view();
  const auto parsed = row_query::parse("/api/v1/entities?" + query);
  if (!parsed) return {parsed.error().message};
  std::vector<std::string> out;
  for (const auto* one : find_rows(view, to, *parsed)) out.push_back(one->row.owner.name);
  return out;
}

TEST_P(RowQuery, FindsRows) { EXPECT_EQ(found(GetParam().query), GetParam().rows); }

INSTANTIATE_TEST_SUITE_P(
    , RowQuery,
    ::testing::Values(
        query_case{"", {"try", "api", "web"}}, query_case{"namespace=shop", {"api", "web"}},
        query_case{"namespace=", {"try", "api", "web"}}, query_case{"mode=none", {"try"}},
        query_case{"state=pinned", {"api"}}, query_case{"state=mixed", {"web"}}, query_case{"state=no-tag", {"try"}},
        query_case{"state=findings", {"try", "web"}}, query_case{"rule=unpinned", {"web"}},
        query_case{"search=NGINX", {"web"}}, query_case{"search=deployment%2Ft", {"try"}},
        query_case{"search=no+such", {}}, query_case{"repository=docker.io/library/busybox", {"try"}},
        query_case{"digest=" + digest_text('b'), {"web"}}, query_case{"digest=" + digest_text('c'), {"api"}},
        query_case{"sort=image", {"try", "api", "web"}}, query_case{"sort=-image", {"web", "api", "try"}},
        query_case{"sort=-pods", {"web", "api", "try"}}, query_case{"sort=findings", {"api", "try", "web"}},
        query_case{"sort=-place", {"web", "api", "try"}},
        query_case{"namespace=shop&state=pinned&limit=1&offset=7", {"api"}}));

TEST(RowQueries, ShowOnlyVisibleNamespaces) {
  EXPECT_EQ(found("", visible_namespaces({"lab"})), std::vector<std::string>{"try"});
  EXPECT_EQ(found("namespace=shop", visible_namespaces({"lab"})), std::vector<std::string>());
}

TEST(RowQueries, NameWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"colour=red", "namespace, rule, state"},
      {"state=fine", "pinned, tag, latest"},
      {"sort=size", "place, image"},
      {"limit=0", "limit: \"0\" is not a number from 1 to 1000"},
      {"limit=1001", "limit"},
      {"limit=ten", "limit"},
      {"offset=-1", "offset"},
      {"search=%zz", "hexadecimal"},
      {"search=%2", "hexadecimal"}};
  for (const auto& [query, words] : cases) {
    const auto got = row_query::parse("/api/v1/entities?" + query);
    ASSERT_FALSE(got) << query;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, HasSubstr(words)) << query;
  }
}

}  // namespace
}  // namespace pinhook::console
