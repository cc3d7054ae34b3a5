// Helm values that are merged in the order in which a file of the run names them, the strongest last:
//
//   Argo CD Application   values.yaml of the chart, helm.valueFiles, helm.valuesObject
//   Flux HelmRelease      values.yaml of the chart, valuesFiles, valuesFrom, spec.values
//   kustomization         values.yaml of the chart, valuesFile, valuesInline, additionalValuesFiles
//   Helmfile              values.yaml of the chart, values of the release
//
// Sources: argoproj/argo-cd util/helm; fluxcd/helm-controller internal/reconcile, and source-controller
// internal/helm/chart for valuesFiles; sigs.k8s.io/kustomize/api v0.21.2
// internal/builtins/HelmChartInflationGenerator.go; helmfile/helmfile pkg/state.
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

/// Values in a file, or in a text of one.
struct stacked_values {
  /// The file; one that does not exist has none.
  std::filesystem::path path;
  std::size_t document = 0;
  /// The JSON Pointer to them; empty: the whole document.
  std::string pointer{};
  /// They are YAML inside of a text, this one: those of a ConfigMap. Empty: they stand in the file itself.
  std::string text{};
};

/// The weakest first.
using value_stack = std::vector<stacked_values>;

/// Values by the name of a ConfigMap or a Secret: objects, and those that kustomizations generate of files.
struct named_values_source {
  std::string kind, name, key;
  stacked_values values;
};

/// Paths in a repository are looked for in the folders above the file. Values whose path has a template are left out.
[[nodiscard]] std::vector<value_stack> value_stacks(const std::string& path, std::string_view text,
                                                    const std::vector<named_values_source>& sources);

/// False for a text in which no HelmRelease has `valuesFrom`; then `sources` are not needed.
[[nodiscard]] bool names_values_of_objects(std::string_view text);

[[nodiscard]] std::vector<named_values_source> named_values_sources(const std::string& path, std::string_view text);

}  // namespace pinhook::pipeline
