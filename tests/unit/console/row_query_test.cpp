#include <pinhook/console/row_query.hpp>

#include "shown_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
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
  for (const auto* one : find_rows(view, to, *parsed).page) out.push_back(one->row.owner.name);
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
        query_case{"namespace=shop&state=pinned&limit=1&offset=7", {}}));

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
      {"label=app%3D%2C", "label"},
      {"search=%zz", "hexadecimal"},
      {"search=%2", "hexadecimal"}};
  for (const auto& [query, words] : cases) {
    const auto got = row_query::parse("/api/v1/entities?" + query);
    ASSERT_FALSE(got) << query;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, HasSubstr(words)) << query;
  }
}

TEST(RowQueries, GoByTheLabelsOfTheWorkload) {
  const auto labelled = [](const std::string& name, const std::string& labels) {
    return testing::workload_text(metadata_text("shop", name, {}, R"(,"labels":{)" + labels + "}"), {{"web", "nginx"}});
  };
  engine_round round;
  round.namespaces.push_back(
      content("shop", "", {labelled("web", R"("app":"web")"), labelled("db", R"("app":"db")")},
              {pod("shop", "web-1", "web", "nginx", 'a'), pod("shop", "x-1", "x", "nginx", 'a')}));
  row_engine engine(engine_options_of(false), nullptr);
  fleet_view view;
  take(view, engine.run(std::move(round)));
  const auto names = [&](const std::string& query) {
    std::vector<std::string> out;
    for (const auto* one : find_rows(view, std::nullopt, *row_query::parse("/?label=" + query)).page)
      out.push_back(one->row.owner.name);
    return out;
  };
  EXPECT_EQ(names("app=web"), std::vector<std::string>{"web"});
  EXPECT_EQ(names("app+in+(web,db)"), (std::vector<std::string>{"db", "web"}));
  // Of an owner that was not read nothing is known.
  EXPECT_EQ(names("%21app"), std::vector<std::string>{"x"});
}

// Small pages are not sorted as large ones are.
TEST(RowQueryPages, AreTheWholeTableInPieces) {
  fleet_view view;
  auto part = std::make_shared<namespace_view>();
  part->name = "shop";
  for (int i = 0; i < 500; ++i) {
    shown_row one;
    one.row.ns = "shop";
    one.row.owner.name = std::to_string(i);
    one.row.image = "image-" + std::to_string(i * 7 % 31);
    one.row.pods = static_cast<std::size_t>(i % 5);
    part->rows.push_back(std::move(one));
  }
  view.namespaces.emplace("shop", std::move(part));
  for (const auto order : {row_order::place, row_order::image, row_order::pods})
    for (const bool is_descending : {false, true}) {
      row_query query;
      query.order = order;
      query.is_descending = is_descending;
      query.limit = 1'000;
      const auto whole = find_rows(view, std::nullopt, query);
      ASSERT_EQ(whole.total, 500U);
      ASSERT_EQ(whole.page.size(), 500U);
      query.limit = 7;
      std::vector<const shown_row*> pieces;
      for (query.offset = 0; query.offset < 500; query.offset += query.limit) {
        const auto piece = find_rows(view, std::nullopt, query);
        EXPECT_EQ(piece.total, 500U);
        pieces.insert(pieces.end(), piece.page.begin(), piece.page.end());
      }
      EXPECT_EQ(pieces, whole.page);
      query.offset = 500;
      EXPECT_TRUE(find_rows(view, std::nullopt, query).page.empty());
      // Equal rows stay in the order of their places, or its reverse.
      const auto key = [&](const shown_row* one) { return std::pair(one->row.image, one->row.pods); };
      for (std::size_t i = 1; i < 500; ++i)
        if (key(whole.page[i - 1]) == key(whole.page[i])) {
          EXPECT_EQ(whole.page[i - 1] < whole.page[i], !is_descending);
        }
    }
}

}  // namespace
}  // namespace pinhook::console
