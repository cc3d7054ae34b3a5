#include <pinhook/cli/demo_history.hpp>

#include <pinhook/demo/embedded_registry.hpp>
#include <pinhook/demo/made_up_cluster.hpp>
#include <pinhook/store/history.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

using std::chrono::days;

const wall_time now{days(20'000)};
const std::string cluster_name(demo::made_up_cluster::address);

class DemoHistory : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::history::open(":memory:", {});
    ASSERT_TRUE(opened);
    history_ = std::move(*opened);
    for (const auto& one : demo_history(cluster_, "localhost:5000", now)) ASSERT_TRUE(history_->add(one));
  }

  demo::embedded_registry images_;
  demo::made_up_cluster cluster_{images_, "localhost:5000"};
  std::unique_ptr<store::history> history_;
};

TEST_F(DemoHistory, HasFindingsThatStayAndSomeThatWereResolved) {
  const auto all = history_->findings(cluster_name, now - days(40));
  ASSERT_TRUE(all);
  EXPECT_EQ(std::ranges::count_if(*all, [](const auto& one) { return !one.resolved; }), 6);
  const auto pay = std::ranges::find(*all, "Deployment/pay", [](const auto& one) { return one.use.owner; });
  ASSERT_NE(pay, all->end());
  EXPECT_EQ(pay->times.first_seen, now - days(30));
  EXPECT_EQ(pay->resolved, now - days(22));
  const auto trial = std::ranges::find(*all, "Deployment/trial", [](const auto& one) { return one.use.owner; });
  ASSERT_NE(trial, all->end());
  EXPECT_EQ(trial->times.first_seen, now - days(12));
}

TEST_F(DemoHistory, HasThePinsOfTheCluster) {
  std::vector<std::string> pinned;
  ASSERT_TRUE(history_->each_use(cluster_name, now - days(40), [&](const store::past_use& one) {
    if (!one.ended && one.use.image.find('@') != std::string::npos) pinned.push_back(one.use.image);
  }));
  std::ranges::sort(pinned);
  EXPECT_EQ(pinned, (std::vector<std::string>{"localhost:5000/office/report@" + cluster_.pins().report,
                                              "localhost:5000/shop/pay:3.0@" + cluster_.pins().pay}));
}

TEST_F(DemoHistory, HasTheMoveOfTheTagThatRunsAsTwoDigests) {
  const auto moves = history_->moves(now - days(40));
  ASSERT_TRUE(moves);
  ASSERT_EQ(moves->size(), 1U);
  EXPECT_EQ(moves->front(), (store::tag_move{"localhost:5000/shop/web:1.4", cluster_.web().before, cluster_.web().after,
                                             "bytes", now - days(6)}));
}

}  // namespace
}  // namespace pinhook::cli
