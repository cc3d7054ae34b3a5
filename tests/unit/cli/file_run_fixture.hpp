// What tests of file_run share: files in memory, and a table of digests.
//
// One thread.
#pragma once

#include "support/fake_digests.hpp"

#include <pinhook/cli/file_run.hpp>
#include <pinhook/cli/rewrite_files.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::cli {

inline const std::string a = testing::digest_of_digit('a').to_string();
inline const std::string b = testing::digest_of_digit('b').to_string();

inline std::string pod(const std::string& image, const std::string& behind = "") {
  return "kind: Pod\napiVersion: v1\nspec:\n  containers:\n    - name: web\n      image: " + image + behind + "\n";
}

class FileRun : public ::testing::Test {
 protected:
  FileRun() {
    digests.holds("docker.io/library/nginx:1.25", testing::digest_of_digit('a'));
    digests.holds("docker.io/library/redis:7", testing::digest_of_digit('b'));
  }

  void add(const std::string& path, const std::string& text, bool is_named = true) {
    inputs.push_back({path, files::image_file::read(text, path, rules), is_named});
  }

  file_run_result run() {
    file_run r(options, std::move(inputs), rules);
    const auto refs = r.wanted();
    return r.finish(refs.empty() ? pipeline::digest_map() : look_up(digests, refs));
  }

  files::file_rules rules;
  file_run_options options;
  std::vector<pipeline::input> inputs;
  testing::fake_digests digests;
};

}  // namespace pinhook::cli
