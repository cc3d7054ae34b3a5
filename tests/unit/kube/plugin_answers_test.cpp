#include <pinhook/kube/plugin_answers.hpp>

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;

registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

plugin_answers::answer answer(plugin_cache_key key, std::chrono::nanoseconds span) {
  return std::make_shared<const plugin_answer>(plugin_answer{key, span, {}});
}

struct PluginAnswers : ::testing::Test {
  testing::fake_clock time;
  plugin_answers held{time, 3};
  const plugin_requester asker{"plugin", ""};

  bool has(std::string_view image) { return held.find(asker, ref(image)).value != nullptr; }
};

TEST_F(PluginAnswers, AreGoodForWhatThePluginSaid) {
  held.hold(asker, ref("r.io/a:1"), answer(plugin_cache_key::image, 1h));
  EXPECT_TRUE(has("r.io/a:2"));
  EXPECT_FALSE(has("r.io/b"));
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::registry, 1h));
  EXPECT_TRUE(has("r.io/b"));
  EXPECT_FALSE(has("r.io:5000/b"));
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::global, 1h));
  EXPECT_TRUE(has("nginx"));
  EXPECT_FALSE(held.find({"other", ""}, ref("r.io/a")).value) << "another plugin";
  EXPECT_FALSE(held.find({"plugin", "x"}, ref("r.io/a")).value) << "another service account";
}

TEST_F(PluginAnswers, AreFoundByImageThenRegistryThenGlobally) {
  const auto global = answer(plugin_cache_key::global, 1h);
  const auto registry = answer(plugin_cache_key::registry, 2h);
  const auto image = answer(plugin_cache_key::image, 3h);
  held.hold(asker, ref("r.io/a"), global);
  EXPECT_EQ(held.find(asker, ref("r.io/a")).value, global);
  held.hold(asker, ref("r.io/a"), registry);
  EXPECT_EQ(held.find(asker, ref("r.io/a")).value, registry);
  held.hold(asker, ref("r.io/a"), image);
  EXPECT_EQ(held.find(asker, ref("r.io/a")).value, image);
}

TEST_F(PluginAnswers, EndWhenThePluginSaid) {
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::image, 0s));
  EXPECT_EQ(held.size(), 0U);
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::image, 10s));
  time.advance(9'999'999'999ns);
  EXPECT_TRUE(has("r.io/a"));
  time.advance(1ns);
  EXPECT_FALSE(has("r.io/a"));
  EXPECT_FALSE(held.drop(asker, ref("r.io/a"))) << "an expired answer does not count";
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::image, std::chrono::nanoseconds::max()));
  EXPECT_TRUE(has("r.io/a"));
}

TEST_F(PluginAnswers, AreDueOnceInAWhile) {
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::registry, 10min));
  time.advance(8min - 1ns);
  EXPECT_FALSE(held.find(asker, ref("r.io/a")).is_due);
  time.advance(1ns);
  EXPECT_TRUE(held.find(asker, ref("r.io/a")).is_due);
  EXPECT_FALSE(held.find(asker, ref("r.io/b")).is_due) << "somebody renews it already";
  time.advance(1min);
  EXPECT_TRUE(held.find(asker, ref("r.io/b")).is_due);
}

TEST_F(PluginAnswers, AreDroppedInAllThreeForms) {
  EXPECT_FALSE(held.drop(asker, ref("r.io/a")));
  for (const auto kind : {plugin_cache_key::image, plugin_cache_key::registry, plugin_cache_key::global})
    held.hold(asker, ref("r.io/a"), answer(kind, 1h));
  EXPECT_TRUE(held.drop(asker, ref("r.io/a")));
  EXPECT_EQ(held.size(), 0U);
}

TEST_F(PluginAnswers, AreLimitedInNumber) {
  held.hold(asker, ref("r.io/a"), answer(plugin_cache_key::image, 3h));
  held.hold(asker, ref("r.io/b"), answer(plugin_cache_key::image, 1h));
  held.hold(asker, ref("r.io/c"), answer(plugin_cache_key::image, 2h));
  held.hold(asker, ref("r.io/c"), answer(plugin_cache_key::image, 2h));
  EXPECT_EQ(held.size(), 3U);
  held.hold(asker, ref("r.io/d"), answer(plugin_cache_key::image, 4h));
  EXPECT_EQ(held.size(), 3U);
  EXPECT_FALSE(has("r.io/b")) << "it would have ended first";
  time.advance(3h);
  held.hold(asker, ref("r.io/e"), answer(plugin_cache_key::image, 1h));
  EXPECT_EQ(held.size(), 2U) << "those that have ended go";
  EXPECT_TRUE(has("r.io/d"));
}

TEST_F(PluginAnswers, KeysDoNotMix) {
  std::set<std::string> keys;
  for (const auto kind : {plugin_cache_key::image, plugin_cache_key::registry, plugin_cache_key::global})
    keys.insert(plugin_answers::key_of(asker, ref("r.io/a"), kind));
  keys.insert(plugin_answers::key_of({"plugin", "p"}, ref("r.io/a")));
  keys.insert(plugin_answers::key_of({"p", "plugin"}, ref("r.io/a")));
  EXPECT_EQ(keys.size(), 5U);
}

}  // namespace
}  // namespace pinhook::kube
