#include <pinhook/files/file_walk.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/directory_entries.hpp>
#include <pinhook/files/foreign_files.hpp>
#include <pinhook/files/git_index.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/files/path_glob.hpp>
#include <pinhook/files/work_tree.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;

bool is_manifest(std::string_view name) {
  constexpr std::array<std::string_view, 3> endings{".yaml", ".yml", ".json"};
  const auto dot = name.rfind('.');
  const std::string ending = dot == std::string_view::npos ? std::string() : lowered(name.substr(dot));
  return name == "Kustomization" || std::ranges::find(endings, ending) != endings.end() ||
         form_of_file(name) != nullptr;
}

std::unexpected<error> cannot_read(const std::string& path, const std::error_code& reason) {
  const auto code = reason == std::errc::no_such_file_or_directory || reason == std::errc::not_a_directory
                        ? error_code::not_found
                    : reason == std::errc::permission_denied ? error_code::denied
                                                             : error_code::unavailable;
  return fail(code, fmt::format("cannot read {}: {}", path.empty() ? "\"\"" : path, reason.message()));
}

std::string joined_path(const std::string& directory, const std::string& name) {
  if (directory.empty() || directory.ends_with('/')) return directory + name;
  return directory + '/' + name;
}

// The path to open a directory with.
std::string opened(const std::string& written) { return written.empty() ? "." : written; }

// The begin of the paths in a directory: "deploy/" becomes "deploy", "." becomes "".
std::string as_directory(std::string_view word) {
  while (word.size() > 1 && word.ends_with('/')) word.remove_suffix(1);
  return word == "." ? std::string() : std::string(word);
}

struct walked_entry {
  std::string name;
  bool is_directory = false;
  bool is_link = false;
};

// By the bytes of the paths below: a directory's name is followed by a slash.
bool comes_before(const walked_entry& a, const walked_entry& b) {
  const std::size_t common = std::min(a.name.size(), b.name.size());
  if (const int order = a.name.compare(0, common, b.name, 0, common); order != 0) return order < 0;
  const auto next = [&](const walked_entry& e) {
    if (e.name.size() > common) return static_cast<int>(static_cast<unsigned char>(e.name[common]));
    return e.is_directory ? static_cast<int>('/') : -1;
  };
  return next(a) < next(b);
}

result<std::vector<walked_entry>> entries_of(const std::string& written) {
  std::vector<walked_entry> out;
  const auto failed = each_entry(opened(written), [&](std::string_view name, fs::file_type type) {
    if (type != fs::file_type::unknown)
      out.push_back({std::string(name), type == fs::file_type::directory, type == fs::file_type::symlink});
    return true;
  });
  if (failed) return cannot_read(opened(written), failed);
  std::ranges::sort(out, comes_before);
  return out;
}

// Files, each once. A named file wins over a found one, a file over links to it.
class collection {
 public:
  explicit collection(std::size_t limit) : limit_(limit) {}

  struct candidate {
    std::string path;
    bool is_named = false;
    bool is_link = false;
    bool is_foreign = false;
  };

  // Paths that are added from now on belong to the next argument.
  void next_argument() { of_argument_.emplace_back(); }

  // `real`: the path without links.
  result<void> add(candidate c, std::string real) {
    const auto [at, is_new] = winners_.try_emplace(std::move(real), all_.size());
    of_argument_.back().push_back(&at->second);
    if (!is_new) {
      candidate& before = all_[at->second];
      const auto rank = [](const candidate& x) { return std::tuple(x.is_named, !x.is_foreign, !x.is_link); };
      if (rank(c) <= rank(before)) return {};
      before.path.clear();
      at->second = all_.size();
    }
    if (winners_.size() > limit_)
      return fail(error_code::invalid_input, fmt::format("more than {} files; name fewer directories", limit_));
    all_.push_back(std::move(c));
    return {};
  }

  found_files take() {
    found_files out;
    std::vector<std::size_t> index_of(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].path.empty()) continue;
      index_of[i] = out.paths.size();
      out.paths.push_back(std::move(all_[i].path));
      out.is_foreign.push_back(all_[i].is_foreign);
    }
    for (const auto& winners : of_argument_) {
      auto& indices = out.of_argument.emplace_back();
      for (const std::size_t* winner : winners) indices.push_back(index_of[*winner]);
    }
    return out;
  }

 private:
  std::size_t limit_;
  std::vector<candidate> all_;
  // By real path: indices in `all_`. Its elements keep their addresses.
  std::unordered_map<std::string, std::size_t> winners_;
  std::vector<std::vector<const std::size_t*>> of_argument_;
};

// One walk from a named directory, or from the directory of a glob.
class walk {
 public:
  walk(collection& into, work_tree tree, const path_glob* glob, const walk_limits& limits)
      : into_(into), tree_(std::move(tree)), glob_(glob), limits_(limits) {}

  result<void> run(const std::string& written) {
    place top;
    top.written = written;
    top.inside = tree_.inside;
    top.real = tree_.real_path;
    top.takes_all = glob_ == nullptr;
    top.has_glob = glob_ != nullptr;
    return enter(top);
  }

  // True when a glob found anything, even a directory without files.
  [[nodiscard]] bool has_found() const { return has_found_; }

 private:
  // A directory by its names: as the user writes it, in the work tree, without links, below the directory of a glob.
  struct place {
    std::string written, inside, real, below;
    std::size_t depth = 0;
    // `takes_all`: every manifest is taken; `has_glob`: the matches of the glob are taken.
    bool takes_all = false;
    bool has_glob = false;
    // Only what git tracks is taken.
    bool is_ignored = false;
  };

  result<void> enter(const place& here) {
    if (here.depth > limits_.depth)
      return fail(error_code::invalid_input,
                  fmt::format("{} is more than {} directories deep", here.written, limits_.depth));
    auto all = entries_of(here.written);
    if (!all) return fail(std::move(all.error()));
    const auto has_rules = add_gitignore_of(opened(here.written), here.inside, tree_.rules);
    if (!has_rules) return fail(has_rules.error());
    for (const auto& one : *all)
      if (auto done = visit(here, one); !done) return done;
    if (*has_rules) tree_.rules.drop_last();
    return {};
  }

  result<void> visit(const place& here, const walked_entry& one) {
    if (one.name == ".git") return {};
    place below;
    below.below = joined_path(here.below, one.name);
    const bool is_found = here.has_glob && glob_->finds(below.below, one.is_directory);
    below.takes_all = here.takes_all || (is_found && one.is_directory);
    below.has_glob = here.has_glob && one.is_directory && glob_->may_hold(one.name, here.depth);
    const bool is_taken = is_found && !glob_->names_no_kind();
    const bool is_searched = here.takes_all || is_found;
    const bool is_foreign = limits_.takes_foreign && is_searched && !is_taken && !one.is_directory &&
                            !is_manifest(one.name) && is_foreign_file(one.name);
    const bool is_wanted = one.is_directory ? below.takes_all || below.has_glob
                                            : is_taken || is_foreign || (is_searched && is_manifest(one.name));
    if (!is_wanted) return {};
    below.inside = joined_path(here.inside, one.name);
    below.is_ignored = here.is_ignored || tree_.rules.ignores(below.inside, one.is_directory);
    if (below.is_ignored && !is_tracked(below.inside, one.is_directory)) return {};
    has_found_ = has_found_ || is_found;
    below.written = joined_path(here.written, one.name);
    below.real = joined_path(here.real, one.name);
    below.depth = here.depth + 1;
    if (one.is_directory) return enter(below);
    if (!one.is_link)
      return into_.add({.path = std::move(below.written), .is_foreign = is_foreign}, std::move(below.real));
    return add_link(std::move(below.written), is_foreign);
  }

  // Git's rules are for files that it does not track.
  bool is_tracked(const std::string& inside, bool is_directory) {
    if (!index_) index_ = git_index::read(tree_.index);
    return is_directory ? index_->has_below(inside) : index_->has_file(inside);
  }

  // Skips links to directories, to other kinds of files, and to missing ones.
  result<void> add_link(std::string written, bool is_foreign) {
    std::error_code failed;
    const fs::path real = fs::canonical(written, failed);
    if (failed || !fs::is_regular_file(real, failed)) return {};
    return into_.add({.path = std::move(written), .is_link = true, .is_foreign = is_foreign}, real.string());
  }

  collection& into_;
  work_tree tree_;
  // Read when a rule of git matches something.
  std::optional<git_index> index_;
  const path_glob* glob_;
  const walk_limits limits_;
  bool has_found_ = false;
};

result<bool> walk_from(const std::string& written, const path_glob* glob, collection& into, const walk_limits& limits) {
  auto tree = work_tree_around(opened(written));
  if (!tree) return fail(std::move(tree.error()));
  walk one(into, std::move(*tree), glob, limits);
  if (auto done = one.run(written); !done) return fail(std::move(done.error()));
  return one.has_found();
}

result<void> find_glob(const std::string& word, collection& into, const walk_limits& limits) {
  const auto glob = path_glob::parse(word);
  if (!glob)
    return fail(error_code::invalid_input,
                fmt::format("{}: no such file, and as a glob it cannot match anything", word));
  std::error_code failed;
  const bool has_start = fs::is_directory(opened(glob->directory()), failed);
  result<bool> found = false;
  if (has_start) found = walk_from(as_directory(glob->directory()), &*glob, into, limits);
  if (!found) return fail(std::move(found.error()));
  if (!*found)
    return fail(
        error_code::not_found,
        fmt::format("{}: no such file, and as a glob it matches nothing (files that git ignores are left out)", word));
  return {};
}

result<void> find_word(const std::string& word, collection& into, const walk_limits& limits) {
  std::error_code failed;
  const auto type = fs::status(word, failed).type();
  if (type == fs::file_type::not_found && path_glob::is_one(word)) return find_glob(word, into, limits);
  if (type == fs::file_type::not_found) failed = std::make_error_code(std::errc::no_such_file_or_directory);
  if (failed) return cannot_read(word, failed);
  if (type == fs::file_type::directory) {
    auto done = walk_from(as_directory(word), nullptr, into, limits);
    if (!done) return fail(std::move(done.error()));
    return {};
  }
  // A pipe of the shell, <(helm template …), has a name and no path without links.
  const fs::path real = fs::canonical(word, failed);
  const bool is_link = fs::is_symlink(fs::symlink_status(word, failed));
  return into.add({word, true, is_link}, real.empty() ? word : real.string());
}

}  // namespace

result<found_files> find_files(const std::vector<std::string>& words, walk_limits limits) {
  collection all(limits.files);
  for (const auto& word : words) {
    all.next_argument();
    if (auto found = find_word(word, all, limits); !found) return fail(std::move(found.error()));
  }
  return all.take();
}

}  // namespace pinhook::files
