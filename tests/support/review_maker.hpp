// AdmissionReviews as an API server sends them: a Deployment with managedFields, a last-applied annotation, environment
// lists and a status, of a chosen size. For benchmarks and load tests.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::testing {

enum class review_type {
  create,          // request.object alone
  changed_update,  // oldObject too, another pod template
  scaled_update,   // oldObject too, the same pod template
};

struct review_options {
  /// At least so many bytes, and not much more.
  std::size_t bytes = 7'000;
  review_type type = review_type::create;
  /// Images are <registry>/shop/service-<i>:1.<i>
  std::string registry = "registry.example.com";
  /// Images carry a digest already.
  bool is_pinned = false;
};

/// Compact JSON, as the API server's encoder writes it. More bytes are more environment variables in each container,
/// and beyond 100 of them more containers.
[[nodiscard]] std::string make_review(const review_options& options);

}  // namespace pinhook::testing
