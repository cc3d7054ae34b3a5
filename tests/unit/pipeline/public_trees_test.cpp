// Shapes of public repositories, rebuilt small in tests/corpus/trees: a person's list of the images of each, in its
// file `images`, is what is found, no more and no less. Prints a table.
#include "support/golden.hpp"
#include "support/paths.hpp"

#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path trees = fs::path(testing::source_dir()) / "tests/corpus/trees";

struct found_list {
  std::size_t files = 0;
  /// "path image", sorted.
  std::vector<std::string> images;
};

std::vector<std::string> wanted_in(const fs::path& tree) {
  std::istringstream text(testing::read_file((tree / "images").string()));
  std::vector<std::string> out;
  for (std::string line; std::getline(text, line);)
    if (!line.empty()) out.push_back(line);
  std::ranges::sort(out);
  return out;
}

found_list found_in(const fs::path& tree) {
  const files::image_places places;
  const auto inputs = read_inputs({tree.string()}, places);
  EXPECT_TRUE(inputs);
  if (!inputs) return {};
  std::vector<const input*> all;
  for (const input& in : *inputs) all.push_back(&in);
  const auto renamed = renames_in(all, kustomizations_around(paths_of(*inputs)), places);
  found_list out;
  for (std::size_t i = 0; i < inputs->size(); ++i) {
    const input& in = (*inputs)[i];
    if (!in.content) continue;
    ++out.files;
    std::vector<files::slot> judged;
    for (const files::slot& s : with_problems(in.content->slots(), renamed[i], judged))
      if (s.reason == files::skip_reason::none && !s.is_refused())
        out.images.push_back(fs::path(in.path).lexically_relative(tree).generic_string() + " " + s.written);
  }
  std::ranges::sort(out.images);
  return out;
}

std::vector<std::string> without(const std::vector<std::string>& all, const std::vector<std::string>& others) {
  std::vector<std::string> out;
  std::ranges::set_difference(all, others, std::back_inserter(out));
  return out;
}

TEST(PublicTrees, HaveTheImagesThatAPersonWouldList) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(trees)) all.push_back(entry.path());
  std::ranges::sort(all);
  EXPECT_EQ(all.size(), 19U);
  fmt::print("{:14} {:>5} {:>6} {:>6} {:>6} {:>5}\n", "tree", "files", "wanted", "found", "missed", "wrong");
  for (const fs::path& tree : all) {
    const auto wanted = wanted_in(tree);
    const auto found = found_in(tree);
    const auto missed = without(wanted, found.images);
    const auto wrong = without(found.images, wanted);
    fmt::print("{:14} {:>5} {:>6} {:>6} {:>6} {:>5}\n", tree.filename().string(), found.files, wanted.size(),
               found.images.size(), missed.size(), wrong.size());
    EXPECT_THAT(missed, IsEmpty()) << tree;
    EXPECT_THAT(wrong, IsEmpty()) << tree;
  }
}

}  // namespace
}  // namespace pinhook::pipeline
