#include <pinhook/pin/image_kinds.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::pin {
namespace {

constexpr std::array<std::string_view, 7> policy_groups{
    "kyverno.io",                 // kyverno/kyverno
    "policies.kyverno.io",        // the same, for policies in CEL
    "constraints.gatekeeper.sh",  // open-policy-agent/gatekeeper
    "templates.gatekeeper.sh",    // the same
    "mutations.gatekeeper.sh",    // the same
    "policy.sigstore.dev",        // sigstore/policy-controller
    "policies.kubewarden.io",     // kubewarden
};

struct excluded_kind {
  std::string_view group;
  /// Empty: all kinds of the group.
  std::string_view kind;
};

constexpr excluded_kind excluded_kinds[] = {
    {"apiextensions.k8s.io", ""},  // schemas
    {"apiextensions.crossplane.io", "CompositeResourceDefinition"},
    {"image.toolkit.fluxcd.io", ""},  // repositories that are watched for new tags
    {"argocd-image-updater.argoproj.io", ""},
    {"infrastructure.cluster.x-k8s.io", ""},  // images of machines
    {"bootstrap.cluster.x-k8s.io", ""},
    {"machine.openshift.io", ""},
    {"machineconfiguration.openshift.io", ""},
    {"metal3.io", ""},
    {"core.gardener.cloud", ""},
    {"karpenter.k8s.aws", ""},
    {"hetzner.cloud", ""},
    {"compute.gcp.upbound.io", ""},  // Crossplane's machines
    {"ec2.aws.upbound.io", ""},
    {"compute.azure.upbound.io", ""},
    {"kpack.io", ""},  // targets of builds
    {"build.openshift.io", ""},
    {"image.openshift.io", ""},
    {"imageregistry.operator.openshift.io", ""},
    {"apps.kruise.io", "ImagePullJob"},  // lists of tags
    {"apps.kruise.io", "ImageListPullJob"},
    {"apps.kruise.io", "NodeImage"},
};

// Below them are no images, or those of something else.
constexpr std::array<std::string_view, 15> keys_without_images{
    "rbd",         "output", "metadata",        "annotations", "labels",
    "status",      "schema", "openAPIV3Schema", "machine",     "machineTemplate",
    "destination", "match",  "matchImages",     "ami",         "parameterSchema"};

// Operators that read the image's text:
//   CloudNativePG: the version of PostgreSQL from the tag of imageName ("Image Tag Requirements" in its documentation).
//   scylladb/scylla-operator@adefed4e pkg/naming/names.go, ImageToRepositoryVersion: "invalid, non-tagged image".
//   bank-vaults/vault-operator@76407678 pkg/apis/vault/v1alpha1/vault_types.go, GetVersion: "does not have a tag".
//   intel/intel-device-plugins-for-kubernetes@94a91bc9 pkg/apis/deviceplugin/v1/webhook_common.go, validatePluginImage:
//     the digest behind the name alone, or a version as the tag.
constexpr std::array<std::pair<std::string_view, pin_format>, 4> operator_formats{
    {{"postgresql.cnpg.io", pin_format::tag_and_digest},
     {"scylla.scylladb.com", pin_format::tag_and_digest},
     {"vault.banzaicloud.com", pin_format::tag_and_digest},
     {"deviceplugin.intel.com", pin_format::digest}}};

}  // namespace

bool is_policy_group(std::string_view group) { return std::ranges::find(policy_groups, group) != policy_groups.end(); }

bool holds_no_images(std::string_view group, std::string_view kind) {
  return std::ranges::any_of(excluded_kinds, [&](const excluded_kind& one) {
    return one.group == group && (one.kind.empty() || one.kind == kind);
  });
}

bool is_key_without_images(std::string_view key) {
  return std::ranges::find(keys_without_images, key) != keys_without_images.end();
}

std::optional<pin_format> format_of_operator(std::string_view group) {
  const auto known = std::ranges::find(operator_formats, group, [](const auto& one) { return one.first; });
  return known == operator_formats.end() ? std::nullopt : std::optional(known->second);
}

}  // namespace pinhook::pin
