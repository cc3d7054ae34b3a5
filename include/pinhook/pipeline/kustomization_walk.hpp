// The images that kustomize takes from a kustomization's resources, through nested kustomizations, and from its
// patches, as the entries on the way change them. For kustomization_gaps and kustomization_renames.
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/files/slot.hpp>
#include <pinhook/pipeline/image_cuts.hpp>
#include <pinhook/pipeline/image_fields.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// Levels of nested kustomizations, and files of all of them together. Real trees have some five levels and some
/// hundred files.
inline constexpr std::size_t max_kustomization_depth = 32;
inline constexpr std::size_t max_kustomization_files = 10'000;

/// An image as it comes out of a resource.
struct taken_image {
  std::string image;
  std::string place;
  /// Its place, for rules; `image` replaces the reference.
  files::slot slot;
  /// The number of times kustomize applies an entry to it; 0: its `images` do not reach this field.
  std::size_t times = 0;
  /// The name of an entry on the way that may have changed it: a regular expression. Empty: none.
  std::string pattern{};
  /// The file's canonical_path, and the index of the image among its slots.
  std::filesystem::path file{};
  std::size_t index = 0;
  /// An entry on the way gives the tag or digest, so those in the file do not come out.
  bool is_decided = false;
  /// The kustomization whose entry gives it, by the path on which it was reached; empty: none, or that of the walk.
  std::string decided_by{};
  /// The kustomization that takes or writes a part of it, which a digest must not change (image_cuts.hpp); empty: none.
  std::string cut_by{};
  /// Its own place is pinned, or has to be: an entry is not made for it, and must not make another image of it.
  bool is_pinned_apart = false;
  /// It stands in a patch, whose object is merged with the one that came before.
  bool is_of_patch = false;

  /// The object is labelled to be skipped; an entry would pin it nevertheless.
  [[nodiscard]] bool is_skipped() const { return slot.reason == files::skip_reason::skip_label; }
};

/// A patch of a kustomization.
struct kustomization_patch {
  /// As written: a path, or the patch itself.
  std::string text;
  /// The JSON Pointer to the patch itself; empty: `text` is a path.
  std::string pointer;
  /// Of its target; empty: not written.
  std::string kind{}, name{};
  /// The file of another object that holds the patch (controller_overlays.hpp); empty: it is of the kustomization.
  std::string by{};
  /// With `by`: the document in that file.
  std::size_t document = 0;
};

/// The parts of a kustomization that the walk needs.
struct read_kustomization {
  bool is_component = false;
  std::vector<std::string> resources;
  std::vector<std::string> remote;
  std::vector<kustomization_patch> patches;
  bool has_charts = false;
  /// The kustomization itself, when it has patches or charts; empty: it has none.
  std::string text;
  /// Those of `images`, and behind them those of transformers (transformer_fault).
  std::vector<files::kustomize_entry> images;
  /// Paths; transformers may also be the text itself.
  std::vector<std::string> configurations, transformers;
  /// Of its `replacements` (read_kustomization_at).
  std::vector<image_cut> cuts;

  /// The first name that is a regular expression; empty: none.
  [[nodiscard]] std::string pattern() const {
    const auto found = std::ranges::find_if(images, files::is_pattern, &files::kustomize_entry::name);
    return found == images.end() ? std::string() : found->name;
  }
};

/// malformed: not YAML. invalid_input: `images` is not a list.
[[nodiscard]] result<read_kustomization> read_kustomization_text(std::string_view text);

/// The same, with what its `transformers` hold, and its `replacements`.
[[nodiscard]] result<read_kustomization> read_kustomization_at(const std::string& path, std::string_view text);

/// An item of patchesStrategicMerge, transformers or configurations is a path or the text itself.
[[nodiscard]] bool is_text_itself(std::string_view item);

[[nodiscard]] std::string path_beside(const std::string& path, std::string_view name);

/// The form in which files of a run are compared.
[[nodiscard]] std::filesystem::path canonical_path(const std::filesystem::path& path);

/// The images of files, by canonical path and by that which led there, for walks that reach the same files.
using taken_files = std::map<std::filesystem::path, std::vector<taken_image>>;

/// The last file of objects with patches (kustomization_patch::by), by its path; no value: it cannot be read.
using object_files = std::map<std::string, std::optional<files::image_file>>;

/// An entry that gives a tag or a digest and matches an image of another name (files::matched_by_dots).
struct dot_match {
  /// The kustomization, by the path on which it was reached, and the item of its `images`.
  std::string path;
  std::size_t item = 0;
  /// The reason why its digest would be wrong.
  std::string problem;
  /// The image after the entries.
  std::string built;
};

/// Entries that a run would add to kustomizations, by their canonical path: the images that get a digest by them, as
/// they come out of the kustomization.
using planned_entries = std::map<std::filesystem::path, std::vector<registry::reference>>;

struct walk_limits {
  /// Canonical paths of files that are pinned by themselves: taken_image::is_pinned_apart. Null: none.
  const std::set<std::filesystem::path>* pinned_apart = nullptr;
  /// The entries of nested kustomizations count as images, too, since entries further out change theirs.
  bool takes_entries = false;
  /// A resource that cannot be read counts as missing.
  bool is_lenient = false;
  /// Files are read once for all walks that share it; null: for this one.
  taken_files* read_files = nullptr;
  /// The same for those of objects with patches.
  object_files* read_objects = nullptr;
  /// With `takes_entries`, these count, too: taken_image::index goes on behind that of the slots. Null: there are none.
  const planned_entries* planned = nullptr;
};

/// `name`: of the entry.
[[nodiscard]] std::string dot_problem(std::string_view name, const taken_image& matched);

/// `by`: taken_image::cut_by.
[[nodiscard]] std::string cut_problem(std::string_view by);

class kustomization_walk {
 public:
  /// The referents of the arguments outlive it.
  kustomization_walk(walk_limits within, const files::image_places& places) : within_(within), places_(places) {}

  /// Adds the images of a kustomization's resources and patches, before its own entries. invalid_input: a resource that
  /// does not exist or is not YAML, a cycle of resources, an exceeded limit. A patch that cannot be read has none.
  [[nodiscard]] result<void> take_resources(const std::string& path, const read_kustomization& from,
                                            std::vector<taken_image>& into);
  /// Records the entries of a kustomization that match an image of another name among those that reach them.
  void find_dots(const std::string& path, const read_kustomization& k, const std::vector<taken_image>& among);
  [[nodiscard]] std::vector<dot_match> take_dots() { return std::move(dots_); }
  /// The canonical paths of the kustomizations that were reached.
  [[nodiscard]] const std::set<std::filesystem::path>& nested() const { return nested_; }

  [[nodiscard]] std::vector<std::string> take_notes() { return std::move(notes_); }

 private:
  void apply(const std::string& path, const read_kustomization& k, std::vector<taken_image>& to);
  [[nodiscard]] bool is_pinned_apart(const std::string& path) const {
    return within_.pinned_apart != nullptr && within_.pinned_apart->contains(canonical_path(path));
  }
  static void take_cuts(const std::string& path, const read_kustomization& from, std::vector<taken_image>& into);
  void take_fields(const std::string& path, const read_kustomization& from, std::vector<taken_image>& into);
  void take_patches(const std::string& path, const read_kustomization& from, std::vector<taken_image>& into);
  [[nodiscard]] std::vector<taken_image> images_within(const std::string& path, const read_kustomization& from) const;
  void take_of_other(const kustomization_patch& one, std::vector<taken_image>& into);
  std::vector<taken_image> images_of_patch(const std::string& path, std::string text) const;
  result<std::string> read(const std::string& path, std::string_view named_by);
  result<void> take(const std::string& from, const std::string& resource, std::vector<taken_image>& into);
  result<void> take_kustomization(const std::string& path, const std::string& from, std::vector<taken_image>& into);
  void take_entries(const std::string& path, std::string text, std::vector<taken_image>& into) const;
  result<void> take_file(const std::string& path, const std::string& from, std::vector<taken_image>& into);

  walk_limits within_;
  const files::image_places& places_;
  std::vector<std::filesystem::path> open_;
  std::vector<std::string> notes_;
  std::vector<dot_match> dots_;
  std::set<std::filesystem::path> nested_;
  /// Of the configurations so far; kustomize hands them to the kustomizations further out.
  std::vector<image_field> fields_;
  /// Of the kustomization whose entries were applied last: those that gave an image with taken_image::cut_by, and that.
  std::map<std::size_t, std::string> cut_entries_;
  std::size_t files_ = 0;
  object_files own_objects_;
};

}  // namespace pinhook::pipeline
