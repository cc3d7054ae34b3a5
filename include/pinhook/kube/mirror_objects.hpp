// The objects by which OpenShift gives its nodes mirrors: ImageDigestMirrorSet and ImageTagMirrorSet
// (config.openshift.io/v1), and the old ImageContentSourcePolicy (operator.openshift.io/v1alpha1). Fields as in
// openshift/api, config/v1/types_image_{digest,tag}_mirror_set.go and operator/v1alpha1, at 2a3d7391.
//
//   const auto sets = co_await read_mirror_objects(connection, d);
//   registry::conf_of(*sets);   // the registries.conf that the nodes get
//
// CRIOCredentialProviderConfig (the same group, v1, and v1alpha1 before; types_crio_credential_provider_config.go
// there) says whose mirrors get pull secrets.
//
// RBAC: `list` on each. Where a kind does not exist its list is empty.
//
// Thread rule: one thread, that of the connection; read_mirror_object is pure.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/registry/image_pattern.hpp>
#include <pinhook/registry/mirror_sets.hpp>

#include <array>
#include <string_view>
#include <vector>

namespace pinhook::kube {

struct mirror_kind {
  std::string_view group;
  std::string_view version;
  std::string_view resource;
  std::string_view kind;
  /// The list of sets in `spec`.
  std::string_view member;
  /// Where its sets belong.
  std::vector<registry::mirror_set> registry::mirror_sets::* sets;
};

inline constexpr std::array<mirror_kind, 3> mirror_kinds{{
    {"config.openshift.io", "v1", "imagedigestmirrorsets", "ImageDigestMirrorSet", "imageDigestMirrors",
     &registry::mirror_sets::for_digests},
    {"config.openshift.io", "v1", "imagetagmirrorsets", "ImageTagMirrorSet", "imageTagMirrors",
     &registry::mirror_sets::for_tags},
    {"operator.openshift.io", "v1alpha1", "imagecontentsourcepolicies", "ImageContentSourcePolicy",
     "repositoryDigestMirrors", &registry::mirror_sets::for_digests},
}};

/// Adds the sets of one object. malformed: no JSON, or a field of the wrong type, which the schema of the kind rules
/// out.
[[nodiscard]] result<void> read_mirror_object(std::string_view object, const mirror_kind& kind,
                                              registry::mirror_sets& to);

/// All objects of all kinds, each list of one moment. Errors: as kube::api; malformed also for more than
/// max_mirror_sets.
awaitable<result<registry::mirror_sets>> read_mirror_objects(api_connection& to, deadline d);

/// The spec.matchImages of one CRIOCredentialProviderConfig. malformed: no JSON, a field of the wrong type, or no
/// pattern.
[[nodiscard]] result<std::vector<registry::image_pattern>> read_granted_images(std::string_view object);

/// The same of the cluster's; empty where it has none. Call it when the API server is known to be one
/// (read_mirror_objects). Errors: as kube::api, and as above.
awaitable<result<std::vector<registry::image_pattern>>> read_mirror_grants(api_connection& to, deadline d);

}  // namespace pinhook::kube
