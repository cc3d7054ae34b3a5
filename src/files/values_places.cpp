#include <pinhook/files/values_places.hpp>

#include <iterator>

namespace pinhook::files {
namespace {

constexpr std::string_view flux = "helm.toolkit.fluxcd.io";
constexpr std::string_view argo = "argoproj.io";
constexpr std::string_view kustomize = "kustomize.config.k8s.io";
constexpr std::string_view rancher = "helm.cattle.io";
constexpr std::string_view fleet = "fleet.cattle.io";
constexpr std::string_view crossplane = "helm.crossplane.io";
constexpr std::string_view crossplane_v2 = "helm.m.crossplane.io";

// Sources: the API types of each project, by the JSON names of their fields.
constexpr place_in_object places_of_values[] = {
    // fluxcd/helm-controller, api/v2/helmrelease_types.go; helm.fluxcd.io is its predecessor.
    {flux, "HelmRelease", "spec.values", values_form::object},
    {flux, "HelmRelease", "spec.postRenderers[*].kustomize", values_form::entries},
    {flux, "HelmRelease", "spec.postRenderers[*].kustomize.patches[*].patch", values_form::objects},
    {"helm.fluxcd.io", "HelmRelease", "spec.values", values_form::object},
    // fluxcd/kustomize-controller, api/v1/kustomization_types.go.
    {"kustomize.toolkit.fluxcd.io", "Kustomization", "spec", values_form::entries},
    {"kustomize.toolkit.fluxcd.io", "Kustomization", "spec.patches[*].patch", values_form::objects},

    // argoproj/argo-cd, pkg/apis/application/v1alpha1/types.go, ApplicationSource.
    {argo, "Application", "spec.source.helm.valuesObject", values_form::object},
    {argo, "Application", "spec.source.helm.values", values_form::text},
    {argo, "Application", "spec.source.helm.parameters", values_form::parameters},
    {argo, "Application", "spec.source.kustomize.images", values_form::image_strings},
    {argo, "Application", "spec.sources[*].helm.valuesObject", values_form::object},
    {argo, "Application", "spec.sources[*].helm.values", values_form::text},
    {argo, "Application", "spec.sources[*].helm.parameters", values_form::parameters},
    {argo, "Application", "spec.sources[*].kustomize.images", values_form::image_strings},
    {argo, "ApplicationSet", "spec.template.spec.source.helm.valuesObject", values_form::object},
    {argo, "ApplicationSet", "spec.template.spec.source.helm.values", values_form::text},
    {argo, "ApplicationSet", "spec.template.spec.source.helm.parameters", values_form::parameters},
    {argo, "ApplicationSet", "spec.template.spec.source.kustomize.images", values_form::image_strings},
    {argo, "ApplicationSet", "spec.template.spec.sources[*].helm.valuesObject", values_form::object},
    {argo, "ApplicationSet", "spec.template.spec.sources[*].helm.values", values_form::text},
    {argo, "ApplicationSet", "spec.template.spec.sources[*].helm.parameters", values_form::parameters},
    {argo, "ApplicationSet", "spec.template.spec.sources[*].kustomize.images", values_form::image_strings},

    // sigs.k8s.io/kustomize, api/types/helmchartargs.go, and the generator that they stand for.
    {kustomize, "Kustomization", "helmCharts[*].valuesInline", values_form::object},
    {kustomize, "Kustomization", "patches[*].patch", values_form::objects},
    {kustomize, "Kustomization", "patchesStrategicMerge[*]", values_form::objects},
    {kustomize, "Kustomization", "patchesJson6902[*].patch", values_form::objects},
    {"", "HelmChartInflationGenerator", "valuesInline", values_form::object},

    // crossplane-contrib/provider-helm, apis/*/release/v1beta1/types.go, ReleaseParameters.
    {crossplane, "Release", "spec.forProvider.values", values_form::object},
    {crossplane, "Release", "spec.forProvider.set", values_form::parameters},
    {crossplane_v2, "Release", "spec.forProvider.values", values_form::object},
    {crossplane_v2, "Release", "spec.forProvider.set", values_form::parameters},

    // k3s-io/helm-controller, pkg/apis/helm.cattle.io/v1/types.go.
    {rancher, "HelmChart", "spec.valuesContent", values_form::text},
    {rancher, "HelmChart", "spec.values", values_form::object},
    {rancher, "HelmChart", "spec.set", values_form::pairs},
    {rancher, "HelmChartConfig", "spec.valuesContent", values_form::text},
    {rancher, "HelmChartConfig", "spec.values", values_form::object},
    // rancher/fleet, pkg/apis/fleet.cattle.io/v1alpha1/bundledeployment_types.go, HelmOptions.
    {fleet, "Bundle", "spec.helm.values", values_form::object},
    {fleet, "Bundle", "spec.targets[*].helm.values", values_form::object},
    {fleet, "HelmOp", "spec.helm.values", values_form::object},

    // kubernetes-sigs/cluster-api-addon-provider-helm, api/v1alpha1.
    {"addons.cluster.x-k8s.io", "HelmChartProxy", "spec.valuesTemplate", values_form::text},
    {"addons.cluster.x-k8s.io", "HelmReleaseProxy", "spec.values", values_form::text},
    // projectsveltos/addon-controller, api/v1beta1/spec.go, HelmChart.
    {"config.projectsveltos.io", "ClusterProfile", "spec.helmCharts[*].values", values_form::text},
    {"config.projectsveltos.io", "Profile", "spec.helmCharts[*].values", values_form::text},
    // k0sproject/k0s, pkg/apis/k0s/v1beta1/extensions.go, Chart.
    {"k0s.k0sproject.io", "ClusterConfig", "spec.extensions.helm.charts[*].values", values_form::text},

    {"", "ConfigMap", "data{*}", values_form::objects},
    {"", "Secret", "stringData{*}", values_form::objects},
    // argoproj/argo-workflows, pkg/apis/workflow/v1alpha1/workflow_types.go, ResourceTemplate.
    {argo, "Workflow", "spec.templates[*].resource.manifest", values_form::objects},
    {argo, "WorkflowTemplate", "spec.templates[*].resource.manifest", values_form::objects},
    {argo, "ClusterWorkflowTemplate", "spec.templates[*].resource.manifest", values_form::objects},
    {argo, "CronWorkflow", "spec.workflowSpec.templates[*].resource.manifest", values_form::objects},
    // The same file, RawArtifact: chaos experiments are passed so.
    {argo, "Workflow", "spec.templates[*].inputs.artifacts[*].raw.data", values_form::objects},
    {argo, "WorkflowTemplate", "spec.templates[*].inputs.artifacts[*].raw.data", values_form::objects},
    {argo, "ClusterWorkflowTemplate", "spec.templates[*].inputs.artifacts[*].raw.data", values_form::objects},
    {argo, "CronWorkflow", "spec.workflowSpec.templates[*].inputs.artifacts[*].raw.data", values_form::objects},
};

}  // namespace

std::span<const place_in_object> values_places() noexcept { return places_of_values; }

}  // namespace pinhook::files
