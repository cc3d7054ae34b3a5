// Patches of a kustomization that change a part of an image in an object of a kind with values, such as a HelmRelease,
// and leave the digest that is pinned beside it:
//
//   base/release.yaml      spec: {values: {image: {repository: acme/app, tag: v1}}}   pinned: tag: v1@sha256:…
//   overlay/patch.yaml     spec: {values: {image: {repository: quay.io/acme/app}}}
//
// They are read as values that are laid over those of the object; so are JSON patches, and fields that `replacements`
// write as a whole.
//
// Blocks for as long as the disk does, when it is made; one thread.
#pragma once

#include <pinhook/files/slot.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/layered_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// Limit of the patches that are compared with one image. Real objects have one for each of some overlays.
inline constexpr std::size_t max_patches_of_image = 100;
/// Limit of the keys on the way to a member that a patch changes: deeper than values are.
inline constexpr std::size_t max_patched_depth = 100;

/// An object with images in values: of its file, or a patch in a text of its file.
struct patched_object {
  const yaml::source_document* doc = nullptr;
  yaml::node_index root = yaml::no_node;
  std::string by{};
  /// Of a patch in a text: that text, which `doc` was read from.
  std::string text{};
  yaml::source content{};

  [[nodiscard]] value_tree tree() const { return tree_of(*doc, root, by); }
};

/// False for the images of pod templates, which are texts of their own.
[[nodiscard]] bool may_have_values(const files::slot& image);

/// The objects of images, each read once; so is their file, which may hold thousands of them.
class patched_objects {
 public:
  /// The object of the image in this file, and the image's pointer in it. Null: it cannot be read.
  [[nodiscard]] std::pair<const patched_object*, std::string_view> of(const std::filesystem::path& file,
                                                                      const files::slot& image);

 private:
  struct read_file {
    std::string text;
    yaml::source content;
  };
  const yaml::source& read(const std::filesystem::path& file);

  std::map<std::filesystem::path, read_file> files_;
  /// By the file, the document, and the pointer to the object or the text of the patch.
  std::map<std::tuple<std::filesystem::path, std::size_t, std::string>, patched_object> known_;
};

class value_patches {
 public:
  /// `path`: of the kustomization. A patch that cannot be read changes nothing.
  value_patches(const std::string& path, const read_kustomization& from);

  [[nodiscard]] bool is_empty() const { return patches_.empty(); }
  /// True for an image that one of them may change.
  [[nodiscard]] bool may_reach(const files::slot& image) const;
  /// What they make of an image, which stands in this object: the first max_patches_of_image that may change it.
  [[nodiscard]] std::vector<renamed_image> renamed(const value_tree& own, const files::slot& image,
                                                   std::string_view pointer) const;

 private:
  struct patch {
    /// Of the objects; empty: any.
    std::string kind, name;
    std::string by, problem{};
    /// What `content` was read from.
    std::string text{};
    yaml::source content{};
    std::size_t document = 0;
    bool has_members = false;
  };
  void take(const std::string& by, const kustomization_patch& from, std::string text);
  void take_fields(const std::string& by, const std::vector<image_cut>& fields);
  void keep(patch&& one);
  [[nodiscard]] static bool reaches(const patch& one, const files::slot& image);

  std::vector<std::unique_ptr<patch>> patches_;
};

/// Images in values among those that a kustomization takes.
class images_of_values {
 public:
  using on_found = std::function<void(const taken_image& of, renamed_image one)>;
  /// What patches make of them, which change parts of them; and what those of a patch are with the object below it.
  void find(const value_patches& patches, const std::vector<taken_image>& all, const on_found& take);

 private:
  /// Its object is looked for once.
  struct placed_image {
    const taken_image* image = nullptr;
    bool is_known = false;
    const patched_object* object = nullptr;
    std::string_view pointer{};
  };
  bool has_object(placed_image& of);
  std::optional<renamed_image> above(placed_image& below, placed_image& own);

  patched_objects objects_;
};

}  // namespace pinhook::pipeline
