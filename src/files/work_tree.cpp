#include <pinhook/files/work_tree.hpp>

#include <pinhook/base/file.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;

// The path after `label` in a one-line file, relative to the file's directory; empty when there is none.
fs::path pointed_at(const fs::path& file, std::string_view label) {
  constexpr std::size_t longest_path = 8192;
  const auto text = read_file(file.string(), longest_path);
  if (!text) return {};
  std::string_view line = text->reveal();
  line = line.substr(0, line.find_first_of("\r\n"));
  if (!line.starts_with(label) || line.size() == label.size()) return {};
  return file.parent_path() / line.substr(label.size());
}

// The directory of git that is the work tree's own, with its index.
fs::path own_directory_of(const fs::path& root) {
  const fs::path git = root / ".git";
  std::error_code ignored;
  return fs::is_directory(git, ignored) ? git : pointed_at(git, "gitdir: ");
}

// The directory with info/exclude. A linked work tree shares that of the main one.
fs::path git_directory_of(const fs::path& own) {
  const fs::path common = pointed_at(own / "commondir", "");
  return common.empty() ? own : common;
}

// The nearest above `directory` (itself included); empty when there is none.
fs::path root_around(const fs::path& directory) {
  std::error_code ignored;
  for (fs::path at = directory;; at = at.parent_path()) {
    if (fs::exists(at / ".git", ignored)) return at;
    if (at == at.parent_path()) return {};
  }
}

result<bool> add_file(const fs::path& file, const std::string& inside, gitignore& to) {
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(file, ignored))) return false;
  const auto text = read_file(file.string(), max_gitignore_size);
  if (!text) return fail(text.error());
  to.add(inside, text->reveal());
  return true;
}

}  // namespace

result<bool> add_gitignore_of(const std::string& directory, const std::string& inside, gitignore& to) {
  return add_file(fs::path(directory) / ".gitignore", inside, to);
}

result<work_tree> work_tree_around(const std::string& directory) {
  std::error_code failed;
  const fs::path real = fs::canonical(directory, failed);
  if (failed) {
    const auto code = failed == std::errc::no_such_file_or_directory ? error_code::not_found
                      : failed == std::errc::permission_denied       ? error_code::denied
                                                                     : error_code::unavailable;
    return fail(code, fmt::format("cannot read {}: {}", directory, failed.message()));
  }
  work_tree out;
  out.real_path = real.string();
  const fs::path root = root_around(real);
  if (root.empty()) return out;
  const fs::path own = own_directory_of(root);
  if (!own.empty()) out.index = (own / "index").string();
  if (auto added = add_file(git_directory_of(own) / "info" / "exclude", "", out.rules); !added)
    return fail(std::move(added.error()));
  // The path is "." when the directory is the root.
  const fs::path inside = real.lexically_relative(root);
  fs::path above = root;
  for (const auto& part : inside) {
    if (part == ".") break;
    if (auto added = add_gitignore_of(above.string(), out.inside, out.rules); !added)
      return fail(std::move(added.error()));
    above /= part;
    out.inside += (out.inside.empty() ? "" : "/") + part.string();
  }
  return out;
}

}  // namespace pinhook::files
