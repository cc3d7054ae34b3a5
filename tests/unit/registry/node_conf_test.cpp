// registries.conf and its drop-in directory as files.
#include <pinhook/registry/node_conf.hpp>

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace pinhook::registry {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class NodeConf : public ::testing::Test {
 protected:
  testing::temporary_directory directory;
  std::string main_ = directory.write("registries.conf", entry("one")).string();
  std::string drop_ins_ = (directory.path() / "registries.conf.d").string();

  NodeConf() { fs::create_directories(drop_ins_ + "/sub.conf"); }
  static std::string entry(const std::string& path) {
    return "[[registry]]\nprefix = \"reg.test\"\nlocation = \"s.test/" + path + "\"\n";
  }
  void drop(const std::string& name, const std::string& text) const {
    directory.write("registries.conf.d/" + name, text);
  }
  static std::string place(const node_conf& of) {
    const auto got = places_for(*of.current(), reference::parse("reg.test/app:1").value());
    return got && !got->in_order.empty() ? got->in_order[0].named.written() : "none";
  }
  [[nodiscard]] std::string opened() const {
    const auto got = node_conf::open({main_, drop_ins_});
    return got ? place(**got) : got.error().message;
  }
};

TEST_F(NodeConf, DropInsFollowTheFileInTheOrderOfTheirNames) {
  EXPECT_EQ(opened(), "s.test/one/app:1");
  drop("b.conf", entry("b"));
  drop("a.conf", entry("a"));
  drop("c.txt", entry("c"));
  directory.write("registries.conf.d/sub.conf/z.conf", entry("z"));
  EXPECT_EQ(opened(), "s.test/b/app:1");
}

TEST_F(NodeConf, ErrorsNameTheFile) {
  drop("b.conf", "[[registry]]\n");
  EXPECT_THAT(opened(), HasSubstr("/registries.conf.d/b.conf:1: a registry has neither prefix nor location"));
  main_ += ".missing";
  EXPECT_THAT(opened(), HasSubstr("/registries.conf.missing"));
  drop("b.conf", std::string(max_registries_conf + 1, '#'));
  main_ = directory.write("registries.conf", "").string();
  EXPECT_THAT(opened(), HasSubstr("/registries.conf.d/b.conf"));
}

TEST_F(NodeConf, ADirectoryHasALimit) {
  for (std::size_t i = 0; i <= max_drop_ins; ++i) drop(std::to_string(i) + ".conf", "");
  EXPECT_THAT(opened(), HasSubstr("has more than 256 files"));
}

TEST_F(NodeConf, ChangedFilesAreReadAgainAndABrokenOneIsReportedOnce) {
  const auto conf = node_conf::open({main_, drop_ins_}).value();
  EXPECT_EQ(conf->reload_if_changed(), false);
  const auto before = conf->current();
  drop("a.conf", entry("a"));
  EXPECT_EQ(conf->reload_if_changed(), true);
  EXPECT_EQ(place(*conf), "s.test/a/app:1");
  EXPECT_EQ(places_for(*before, reference::parse("reg.test/app:1").value())->in_order[0].named.written(),
            "s.test/one/app:1")
      << "a reader keeps what it has";
  drop("a.conf", "registry = 1\n");
  const auto broken = conf->reload_if_changed();
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("/a.conf:1: "));
  EXPECT_EQ(conf->reload_if_changed(), false);
  EXPECT_EQ(place(*conf), "s.test/a/app:1");
  fs::remove(drop_ins_ + "/a.conf");
  EXPECT_EQ(conf->reload_if_changed(), true);
  EXPECT_EQ(place(*conf), "s.test/one/app:1");
}

TEST_F(NodeConf, ObjectsOfAClusterWinOverTheFiles) {
  const auto conf = node_conf::open({main_}).value();
  EXPECT_TRUE(conf->has_files());
  conf->use_objects(parse_registries_conf(entry("object"), "object").value());
  EXPECT_EQ(place(*conf), "s.test/object/app:1");
  directory.write("registries.conf", entry("two"));
  EXPECT_EQ(conf->reload_if_changed(), true);
  EXPECT_EQ(place(*conf), "s.test/object/app:1");
  conf->use_objects({});
  EXPECT_EQ(place(*conf), "s.test/two/app:1");
}

TEST_F(NodeConf, NoPlaceIsKnownUntilTheObjectsCome) {
  node_conf conf{registries_conf()};
  EXPECT_FALSE(conf.has_files());
  conf.await_objects({error_code::unavailable, "they were not read yet", std::nullopt});
  const auto app = reference::parse("reg.test/app:1").value();
  EXPECT_EQ(places_for(*conf.current(), app).error().message, "they were not read yet");
  conf.use_objects({});
  EXPECT_TRUE(places_for(*conf.current(), app));
}

}  // namespace
}  // namespace pinhook::registry
