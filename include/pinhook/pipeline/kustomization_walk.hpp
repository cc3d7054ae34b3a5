// What kustomize takes in: a kustomization's resources, through those within each other, and what their entries make of
// the images on the way. For kustomization_gaps and kustomization_renames.
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/files/site.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// Kustomizations within each other, and files of all of them together. Real trees have some five levels and some
/// hundred files.
inline constexpr std::size_t max_kustomization_depth = 32;
inline constexpr std::size_t max_kustomization_files = 10'000;

/// An image as it comes out of a resource.
struct taken_image {
  std::string image;
  std::string place;
  /// Where it stands, as rules ask for it; of the reference `image` counts.
  files::site site;
  /// How often kustomize applies an entry to it; 0: its `images` do not look there.
  std::size_t times = 0;
  /// The name of an entry on the way that may have changed it: a regular expression. Empty: none.
  std::string pattern{};
  /// The file, as files of the run are compared, and the place of the image among its sites.
  std::filesystem::path file{};
  std::size_t index = 0;
  /// An entry on the way says its tag or digest: what stands where it comes from does not come out.
  bool is_decided = false;

  /// The object is labelled: an entry would pin it all the same.
  [[nodiscard]] bool is_skipped() const { return site.reason == files::skip_reason::skip_label; }
};

/// As far as it matters here.
struct read_kustomization {
  bool is_component = false;
  std::vector<std::string> resources;
  std::vector<std::string> remote;
  /// As written: paths, and texts of their own.
  std::vector<std::string> patches;
  bool has_charts = false;
  std::vector<files::kustomize_entry> images;

  /// The first name that is a regular expression; empty: none is.
  [[nodiscard]] std::string pattern() const {
    const auto found = std::ranges::find_if(images, files::is_pattern, &files::kustomize_entry::name);
    return found == images.end() ? std::string() : found->name;
  }
};

/// malformed: no YAML. invalid_input: `images` is no list.
[[nodiscard]] result<read_kustomization> read_kustomization_text(std::string_view text);

/// As files of a run are compared.
[[nodiscard]] std::filesystem::path canonical_path(const std::filesystem::path& path);

/// What files bring, by their canonical paths, for walks that meet the same files.
using taken_files = std::map<std::filesystem::path, std::vector<taken_image>>;

/// An entry that says a tag or a digest and matches an image of another name (files::matched_by_dots).
struct dot_match {
  /// The kustomization, as it was reached, and the item of its `images`.
  std::string path;
  std::size_t item = 0;
  /// Why its digest would be wrong.
  std::string problem;
  /// What the entries make of the image.
  std::string built;
};

struct walk_limits {
  /// Canonical paths of files that are passed over, since they are pinned by themselves; null: none.
  const std::set<std::filesystem::path>* skipped = nullptr;
  /// The entries of kustomizations that are taken in count as images, too: theirs come out as others.
  bool takes_entries = false;
  /// What cannot be read counts as not there.
  bool is_lenient = false;
  /// Files are read once for all walks that share it; null: for this one.
  taken_files* read_files = nullptr;
};

/// `name`: of the entry.
[[nodiscard]] std::string dot_problem(std::string_view name, const taken_image& matched);

class kustomization_walk {
 public:
  /// What the arguments refer to outlives it.
  kustomization_walk(walk_limits within, const files::file_rules& rules) : within_(within), rules_(rules) {}

  /// What the resources of a kustomization bring, before its own entries. invalid_input: a resource that is not there
  /// or no YAML, resources in a circle, a limit that was crossed.
  [[nodiscard]] result<void> take_resources(const std::string& path, const read_kustomization& from,
                                            std::vector<taken_image>& into);
  /// Keeps which entries of a kustomization match an image of another name among those that reach them.
  void find_dots(const std::string& path, const read_kustomization& k, const std::vector<taken_image>& among);
  [[nodiscard]] std::vector<dot_match> take_dots() { return std::move(dots_); }

  [[nodiscard]] std::vector<std::string> take_notes() { return std::move(notes_); }

 private:
  void apply(const std::string& path, const read_kustomization& k, std::vector<taken_image>& to);
  [[nodiscard]] bool is_skipped(const std::string& path) const {
    return within_.skipped != nullptr && within_.skipped->contains(canonical_path(path));
  }
  void note_others(const std::string& path, const read_kustomization& from);
  result<std::string> read(const std::string& path, std::string_view named_by);
  result<void> take(const std::string& from, const std::string& resource, std::vector<taken_image>& into);
  result<void> take_kustomization(const std::string& path, const std::string& from, std::vector<taken_image>& into);
  void take_entries(const std::string& path, std::string text, std::vector<taken_image>& into) const;
  result<void> take_file(const std::string& path, const std::string& from, std::vector<taken_image>& into);

  walk_limits within_;
  const files::file_rules& rules_;
  std::vector<std::filesystem::path> open_;
  std::vector<std::string> notes_;
  std::vector<dot_match> dots_;
  std::size_t files_ = 0;
};

}  // namespace pinhook::pipeline
