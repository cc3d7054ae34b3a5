// Where the images that a patch of a kustomization writes end up in the object that it changes.
//
//   patch_places places("- {op: replace, path: /spec/template/spec/containers/0/image, value: nginx}");
//   places.times_applied("/0/value");  // 2, as files::times_applied says of the place in the object
//
// A value; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

class patch_places {
 public:
  /// `patch`: a JSON patch, or objects that are merged. What cannot be read counts as one without operations.
  explicit patch_places(std::string_view patch);

  /// The number of times that kustomize applies each of its entries to the image at `pointer`, from the root of the
  /// patch (of the text, for one with several documents).
  [[nodiscard]] std::size_t times_applied(std::string_view pointer) const;

 private:
  /// The paths of a JSON patch's operations, in their order.
  std::vector<std::string> paths_;
  bool is_json_patch_ = false;
};

}  // namespace pinhook::pipeline
