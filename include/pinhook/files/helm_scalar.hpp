// The value that Helm reads from a plain scalar of values: `tag: 1.10` is a number there, and templates write 1.1.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::files {

struct helm_scalar {
  /// The output of `{{ .Values.tag }}`; empty for null, and for numbers that JSON does not have (.inf), with which Helm
  /// fails.
  std::string text;
  /// sprig's `default` puts another value in its place: null, false, 0.
  bool is_empty = false;
};

/// Reads the scalar as Helm 3.22 and 4.3 do (sigs.k8s.io/yaml 1.6: go.yaml.in/yaml/v2 resolve.go, then JSON, where each
/// number becomes a float64), and writes it as Go's text/template does. tests/e2e/helm_values_test.cpp compares with
/// both versions.
[[nodiscard]] helm_scalar read_by_helm(std::string_view plain);

/// True when templates write the scalar unchanged, and `default` keeps it.
[[nodiscard]] bool is_same_in_helm(std::string_view plain);

}  // namespace pinhook::files
