// The cooldown of moved tags on a real API server: reports see tags move, their file reaches the webhook, and the bytes
// of before run until the time is over, which the file says.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/certificates.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;

class Cooldown : public Cluster {
 protected:
  // What is in the cluster is reported, and the file of moved tags written again.
  void report(const std::string& ns) {
    command_options options{.command = {testing::program_path(), "report", "-n", ns, "-q", "--kubeconfig",
                                        shared().plane.kubeconfig().string(), "--store", path("history.db"),
                                        "--moves-file", path("moves.yaml"), "--cooldown", "72h"}};
    options.environment = {{"PINHOOK_CLOUDS", "[]"}};
    const auto done = run_command(options);
    EXPECT_LT(done.exit_code, 2) << done;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string moves() const {
    std::ifstream in(path("moves.yaml"));
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  replica& start_with(const std::string& rules) {
    return start_pinhook({.settings = {{"RULES", rules}, {"MOVES_FILE", path("moves.yaml")}, {"CACHE_TTL", "1s"}}});
  }
  static command_result create(const std::string& ns, const std::string& name, const std::string& image) {
    return kubectl({"create", "deployment", name, "-n", ns, "--image", image});
  }

  testing::temporary_directory folder_;
};

// In each way that a tag can move.
TEST_F(Cooldown, TheBytesOfBeforeRunUntilTheTimeIsOver) {
  const auto seen = make_namespace("");
  struct row {
    std::string name, tag, before, after;
  };
  std::vector<row> rows{{"bytes", "1", "", ""}, {"version", "1.4.2", "", ""}, {"between", "1", "", ""}};
  for (row& one : rows) {
    one.before = push("cooldown/" + one.name, one.tag, one.name + " before");
    ASSERT_EQ(create(seen, one.name, image(fmt::format("cooldown/{}:{}", one.name, one.tag))).exit_code, 0);
  }
  report(seen);
  for (row& one : rows) {
    one.after = push("cooldown/" + one.name, one.tag, one.name + " after");
    // The last one moves after the report.
    if (one.name == "version") report(seen);
  }
  EXPECT_THAT(moves(), HasSubstr("before: \"" + rows[0].before));
  start_with("[{name: slow, cooldown: 72h}]");
  const auto ns = make_namespace("enforce");
  for (const row& one : rows) {
    const auto made = create(ns, one.name, image(fmt::format("cooldown/{}:{}", one.name, one.tag)));
    EXPECT_EQ(made.exit_code, 0) << made;
    EXPECT_THAT(made.errors, HasSubstr("Warning: the tag moved to sha256:")) << made;
    EXPECT_EQ(read(ns, "deployment/" + one.name, in_template), image("cooldown/" + one.name + "@" + one.before));
  }
  // As if the moves had been seen long ago: the file's own times decide.
  std::string text = moves();
  for (std::size_t at = 0; (at = text.find("since: \"20", at)) != std::string::npos; at += 10)
    text.replace(at + 8, 4, "2020");
  std::ofstream(path("moves.yaml")) << text;
  EXPECT_TRUE(eventually([&] {
    kubectl({"delete", "deployment", "version", "-n", ns});
    create(ns, "version", image("cooldown/version:1.4.2"));
    return read(ns, "deployment/version", in_template) == image("cooldown/version@" + rows[1].after);
  }));
}

TEST_F(Cooldown, VersionTagsThatMovedAreDenied) {
  const auto seen = make_namespace("");
  push("cooldown/release", "2.0.1", "release before");
  ASSERT_EQ(create(seen, "release", image("cooldown/release:2.0.1")).exit_code, 0);
  report(seen);
  push("cooldown/release", "2.0.1", "release after");
  report(seen);
  start_with("[{name: stay, require: {unmoved: version-tags}, action: deny}]");
  const auto ns = make_namespace("enforce");
  const auto denied = create(ns, "release", image("cooldown/release:2.0.1"));
  EXPECT_EQ(denied.exit_code, 1) << denied;
  EXPECT_THAT(denied.errors, HasSubstr("rule stay: container release"));
}

}  // namespace
}  // namespace pinhook::e2e
