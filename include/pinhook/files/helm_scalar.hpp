// What Helm makes of a plain scalar of values: `tag: 1.10` is a number there, and templates write 1.1.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::files {

struct helm_scalar {
  /// What `{{ .Values.tag }}` writes; empty for null, and for numbers that JSON does not have (.inf), which end the
  /// run.
  std::string text;
  /// sprig's `default` puts another value in its place: null, false, 0.
  bool is_empty = false;
};

/// As Helm 3.22 and 4.3 read it (sigs.k8s.io/yaml 1.6: go.yaml.in/yaml/v2 resolve.go, then JSON, where each number
/// becomes a float64) and as Go's text/template writes it. tests/e2e/helm_values_test.cpp asks both.
[[nodiscard]] helm_scalar read_by_helm(std::string_view plain);

/// Templates write it as it stands, and `default` leaves it.
[[nodiscard]] bool is_same_in_helm(std::string_view plain);

}  // namespace pinhook::files
