#include "support/golden.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <algorithm>
#include <filesystem>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* guide = "manifests/README.md";

}  // namespace

std::vector<std::string> pages() {
  const fs::path root = source_dir();
  std::vector<std::string> out{guide};
  for (const fs::path& folder : {root, root / "docs"})
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".md") out.push_back(fs::relative(entry.path(), root).string());
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> pages_with_commands() {
  auto out = pages();
  std::erase(out, guide);
  return out;
}

std::string page_text(const std::string& page) { return read_file(fs::path(source_dir()) / page); }

}  // namespace pinhook::testing
