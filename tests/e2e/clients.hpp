// The fixture of tests about people's own tools: a Deployment named web that says a tag, in a namespace under enforce.
#pragma once

#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace pinhook::e2e {

class Clients : public Cluster {
 protected:
  void SetUp() override {
    start_pinhook();
    ns_ = make_namespace("enforce");
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    repository_ = "clients/" + lower(name);
    digest_ = push(repository_, "1", "one");
    web_ = image(repository_ + ":1");
    pinned_ = image(repository_ + "@" + digest_);
  }
  static std::string lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  }
  /// The tag says something else from now on.
  void move_tag() { ASSERT_NE(push(repository_, "1", "moved"), digest_); }

  command_result run(std::vector<std::string> arguments, const std::string& object = {}) {
    arguments.insert(arguments.end(), {"-n", ns_});
    if (!object.empty()) arguments.insert(arguments.end(), {"-f", "-"});
    return kubectl(std::move(arguments), object);
  }
  void run_ok(std::vector<std::string> arguments, const std::string& object = {}) {
    const std::string command = arguments.at(0);
    const auto r = run(std::move(arguments), object);
    EXPECT_EQ(r.exit_code, 0) << command << ": " << r;
  }

  // The first generation, with the first bytes.
  void expect_untouched(const std::string& name = "deployment/web") {
    const auto d = object(ns_, name);
    EXPECT_EQ(text_at(d, in_template), pinned_);
    EXPECT_EQ(text_at(d, "/metadata/generation"), "1");
  }

  // The first bytes, and no rollout. (Of a Deployment also an annotation that changes counts as a generation.)
  void expect_no_rollout() {
    const auto d = object(ns_, "deployment/web");
    EXPECT_EQ(text_at(d, in_template), pinned_);
    EXPECT_TRUE(eventually([&] {
      return read(ns_, "deployment/web", "/status/observedGeneration") == text_at(d, "/metadata/generation");
    }));
    EXPECT_EQ(read_all(ns_, "replicasets", in_template), std::vector{pinned_});
  }

  std::string ns_, repository_, digest_, web_, pinned_;
};

}  // namespace pinhook::e2e
