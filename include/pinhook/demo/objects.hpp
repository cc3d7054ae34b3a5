// The objects of the demo and an API server's work on them: it makes AdmissionReviews and applies JSON Patches.
//
// Pure: objects are JSON texts. Safe to use from any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::demo {

struct container_image {
  std::string container;
  std::string image;
  friend bool operator==(const container_image&, const container_image&) = default;
};

/// A Deployment in namespace "demo"; the container called "setup" is an init container.
[[nodiscard]] std::string make_deployment(std::string_view name, int replicas,
                                          const std::vector<container_image>& containers);

/// `stored` with the spec of `manifest`, as `kubectl apply` sends it. Fields of others, such as recorded pins, stay.
[[nodiscard]] std::string with_spec_of(std::string_view stored, std::string_view manifest);

/// The images of a Deployment's pod template, init containers first.
[[nodiscard]] std::vector<container_image> images_of(std::string_view deployment);

/// The pod template as canonical JSON: equal texts mean no rollout.
[[nodiscard]] std::string template_of(std::string_view deployment);

/// An AdmissionReview of admission.k8s.io/v1 as an API server sends it; `old` is empty on CREATE.
[[nodiscard]] std::string make_review(std::string_view uid, std::string_view object, std::string_view old);

/// The webhook's answer from its AdmissionReview.
struct review_answer {
  bool allowed = false;
  /// The reason of a denial.
  std::string message;
  std::vector<std::string> warnings;
  /// Operations of the patch, 0 without one.
  std::size_t operations = 0;
  /// The object after the patch.
  std::string object;
};

/// malformed: not an AdmissionReview, another uid, a patch that cannot be applied to `object`.
[[nodiscard]] result<review_answer> read_answer(std::string_view body, std::string_view uid, std::string_view object);

}  // namespace pinhook::demo
