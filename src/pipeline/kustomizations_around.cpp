#include <pinhook/pipeline/kustomizations_around.hpp>

#include <pinhook/files/directory_entries.hpp>
#include <pinhook/files/file_walk.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomization_name.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/path_order.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t levels_below = 2;

class search {
 public:
  explicit search(const std::vector<std::string>& paths) : paths_(paths) {}

  std::vector<std::string> run() {
    for (const std::string& path : paths_)
      if (files::is_kustomization_name(path)) take(path);
    for (const std::string& path : paths_) {
      if (path == "-" || is_beside_known(path)) continue;
      const fs::path directory = canonical_path(path).parent_path();
      if (!directories_.insert(directory.native()).second) continue;
      is_relative_ = fs::path(path).is_relative();
      if (const fs::path root = root_of(directory); !root.empty())
        search_tree(root);
      else if (const fs::path above = directory.parent_path(); above != above.root_path())
        search_below(above, levels_below);
    }
    return std::move(out_);
  }

 private:
  // True for a file in the directory of another one, as they are written. A link may lead elsewhere.
  bool is_beside_known(const std::string& path) {
    struct stat about{};
    const bool is_file = ::lstat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
    return is_file && !written_.insert(path.substr(0, path.rfind('/') + 1)).second;
  }

  void take(const std::string& path) {
    if (seen_.insert(canonical_path(path).native()).second) out_.push_back(path);
  }

  // In the form in which a person would write it.
  void take_found(const fs::path& path) {
    std::error_code ignored;
    take(is_relative_ ? fs::proximate(path, ignored).string() : path.string());
  }

  // The nearest directory with a `.git`; empty when there is none.
  fs::path root_of(const fs::path& directory) {
    const auto [at, is_new] = roots_.try_emplace(directory);
    if (!is_new) return at->second;
    std::error_code ignored;
    fs::path found;
    if (fs::exists(directory / ".git", ignored))
      found = directory;
    else if (directory.has_relative_path())
      found = root_of(directory.parent_path());
    return roots_[directory] = std::move(found);
  }

  void search_tree(const fs::path& root) {
    if (!searched_.insert(root.native()).second) return;
    const auto found = files::find_files({root.string()}, {.files = max_files_around});
    if (!found) return;
    for (const std::string& path : found->paths)
      if (files::is_kustomization_name(path)) take_found(path);
  }

  void search_below(const fs::path& directory, std::size_t levels) {
    if (searched_.size() == max_directories_around || !searched_.insert(directory.native()).second) return;
    std::vector<std::string> kustomizations;
    std::vector<std::string> below;
    // What could be read counts.
    [[maybe_unused]] const std::error_code failed =
        files::each_entry(directory.native(), [&](std::string_view name, fs::file_type type) {
          if (type == fs::file_type::regular && files::is_kustomization_name(name))
            kustomizations.emplace_back(name);
          else if (type == fs::file_type::directory && levels > 0)
            below.emplace_back(name);
          return true;
        });
    std::ranges::sort(kustomizations);
    for (const std::string& one : kustomizations) take_found(directory / one);
    std::ranges::sort(below);
    for (const std::string& one : below) search_below(directory / one, levels - 1);
  }

  const std::vector<std::string>& paths_;
  std::vector<std::string> out_;
  std::unordered_set<std::string> seen_, directories_, searched_;
  /// Directories of files as they are written, up to the slash.
  std::unordered_set<std::string> written_;
  path_map<fs::path> roots_;
  bool is_relative_ = false;
};

}  // namespace

std::vector<std::string> kustomizations_around(const std::vector<std::string>& paths) { return search(paths).run(); }

}  // namespace pinhook::pipeline
