#include "support/paths.hpp"
#include "support/source_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace pinhook::testing {

namespace fs = std::filesystem;

std::vector<source_file> product_sources() {
  std::vector<source_file> out;
  const fs::path root = source_dir();
  for (const char* top : {"include/pinhook", "src", "registry"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      std::ifstream in(entry.path());
      out.push_back({fs::relative(entry.path(), root).string(), std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  return out;
}

}  // namespace pinhook::testing
