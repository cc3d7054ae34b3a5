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

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

class value_patches {
 public:
  /// `path`: of the kustomization. A patch that cannot be read changes nothing.
  value_patches(const std::string& path, const read_kustomization& from);

  [[nodiscard]] bool is_empty() const { return patches_.empty(); }
  /// True for an image that one of them may change.
  [[nodiscard]] bool may_reach(const files::slot& image) const;
  /// What they make of an image of the file whose documents these are.
  [[nodiscard]] std::vector<renamed_image> renamed(const yaml::source& base, const files::slot& image) const;

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

}  // namespace pinhook::pipeline
