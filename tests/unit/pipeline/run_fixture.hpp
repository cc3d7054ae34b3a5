// The fixture of tests of runs: files in memory, and a table of digests.
//
// One thread.
#pragma once

#include "support/fake_digests.hpp"
#include "support/shown_outcome.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/inputs.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {

inline const std::string a = testing::digest_of_digit('a').to_string();
inline const std::string b = testing::digest_of_digit('b').to_string();

inline std::string pod(const std::string& image, const std::string& behind = "") {
  return "kind: Pod\napiVersion: v1\nspec:\n  containers:\n    - name: web\n      image: " + image + behind + "\n";
}

class FilesRun : public ::testing::Test {
 protected:
  FilesRun() {
    digests.holds("docker.io/library/nginx:1.25", testing::digest_of_digit('a'));
    digests.holds("docker.io/library/redis:7", testing::digest_of_digit('b'));
  }

  void add(const std::string& path, const std::string& text, bool is_named = true) {
    inputs.push_back({path, files::image_file::read(text, path, places), is_named, false, {0}});
  }

  files::image_places places;
  std::vector<input> inputs;
  testing::fake_digests digests;
};

}  // namespace pinhook::pipeline
