#include <pinhook/pin/operator_images.hpp>

#include <pinhook/pin/image_parts.hpp>

#include <algorithm>
#include <array>

namespace pinhook::pin {
namespace {

using enum operator_pin;

// Places in the sources of operators. What they do with a digest was read there.
constexpr std::string_view gpu_operator =
    "NVIDIA/gpu-operator@a22dbf671f2e26f9a1e342f8eea28e196235e110 internal/image/image.go";
constexpr std::string_view gpu_operator_drivers =
    "NVIDIA/gpu-operator@a22dbf671f2e26f9a1e342f8eea28e196235e110 controllers/object_controls.go";
constexpr std::string_view gpu_operator_driver_kind =
    "NVIDIA/gpu-operator@a22dbf671f2e26f9a1e342f8eea28e196235e110 api/nvidia/v1alpha1/nvidiadriver_types.go";
constexpr std::string_view network_operator =
    "Mellanox/network-operator@b06827e085c59726b699faffcc526342d4d8e395 pkg/render/render.go";
constexpr std::string_view network_operator_drivers =
    "Mellanox/network-operator@b06827e085c59726b699faffcc526342d4d8e395 pkg/state/state_ofed.go";
constexpr std::string_view argocd_operator =
    "argoproj-labs/argocd-operator@cf5d1c0236bf6419bf2e4f8fdc154a2c7b8d4d4c controllers/argoutil/resource.go";
constexpr std::string_view prometheus_operator =
    "prometheus-operator/prometheus-operator@6adcebc5076c34f4f55f8f5f7b1e528929373ac7 pkg/operator/image.go";
constexpr std::string_view scylla_operator =
    "scylladb/scylla-operator@adefed4ef914e8b856a52bc638e2e61e9d3e15d6 pkg/controller/scyllacluster/migrate.go";
constexpr std::string_view awx_operator =
    "ansible/awx-operator@1bc342258aadff2c03135f02879e219ebfb7d943 "
    "roles/installer/tasks/resources_configuration.yml";
constexpr std::string_view management_center =
    "hazelcast/hazelcast-platform-operator@0f13b8d422af0e2de40d1990e171f0dd9706a291 "
    "api/v1alpha1/managementcenter_types.go";
constexpr std::string_view hazelcast =
    "hazelcast/hazelcast-platform-operator@0f13b8d422af0e2de40d1990e171f0dd9706a291 "
    "internal/controller/hazelcast/hazelcast_resources.go";
constexpr std::string_view vitess_operator =
    "planetscale/vitess-operator@6b0a1b8cdbbf276d4a4cdba19adb392e3c7ca898 "
    "pkg/apis/planetscale/v2/vitesscluster_types.go";
constexpr std::string_view vitess_operator_mysql =
    "planetscale/vitess-operator@6b0a1b8cdbbf276d4a4cdba19adb392e3c7ca898 pkg/operator/mysql/mysql.go";
constexpr std::string_view tempo_operator =
    "grafana/tempo-operator@049c8f2404158fbe719d908e0b918e9a0df3c643 api/config/v1alpha1/projectconfig_types.go";
constexpr std::string_view knative_operator =
    "knative/operator@b4f2c2549cd01859c393b3d01f1df8f35bb22638 pkg/reconciler/common/images.go";
constexpr std::string_view submariner_operator =
    "submariner-io/submariner-operator@393ed877bc3bb8b550c9b81812e0461034bf5c72 pkg/images/images.go";
constexpr std::string_view cluster_management =
    "open-cluster-management-io/ocm@00f84c32b03b813ca504809bc526f59ec6c5df8b "
    "pkg/operator/operators/clustermanager/controllers/clustermanagercontroller/clustermanager_controller.go";
constexpr std::string_view grafana_operator =
    "grafana/grafana-operator@60d3ebd2b21a7736970cac8964aa71f7a4ac2ecc "
    "controllers/reconcilers/grafana/deployment_reconciler.go";
constexpr std::string_view stackable =
    "stackabletech/operator-rs@7b9f9ac9a76fa425ab27f2821377ef86571ca121 "
    "crates/stackable-operator/src/commons/product_image_selection.rs";
constexpr std::string_view cockroach_operator =
    "cockroachdb/cockroach-operator@f019f0eb00ec0b4bbb248bc872c301d994484fef pkg/resource/cluster.go";
constexpr std::string_view solr_operator =
    "apache/solr-operator@ed5c5c7d28a4c1189d19f581259e05385c0d4b20 controllers/solrcloud_controller.go";
constexpr std::string_view datadog_operator =
    "DataDog/datadog-operator@55db53165d173041aaf6d902fd3776d0b33bf811 pkg/images/images.go";
constexpr std::string_view kiali_operator =
    "kiali/kiali-operator@f64e75ebeb2e1ccb6520f1319daa2702aa75e1cf "
    "roles/default/kiali-deploy/templates/kubernetes/deployment.yaml";
constexpr std::string_view kubevirt =
    "kubevirt/kubevirt@d923fdb815cd2016ddaebdaaa51db04133576d72 pkg/virt-operator/util/config.go";
constexpr std::string_view istio =
    "istio/istio@86c9f01fd735fb01d8192f5bcaf0d424afb7f14c manifests/charts/istio-cni/templates/_helpers.tpl";
constexpr std::string_view cluster_api =
    "kubernetes-sigs/cluster-api@ae7ff047db499ac3858ade268ba38db8c9f128bb util/container/image.go";
constexpr std::string_view mysql_operator =
    "mysql/mysql-operator@aec777a1f91d2c26c1d3470d97ec77899d73eadf "
    "mysqloperator/controller/innodbcluster/cluster_api.py";
constexpr std::string_view k8ssandra_operator =
    "k8ssandra/k8ssandra-operator@9e3d1b51d2171ea9ee84edf53d6dfa1c98fa8525 pkg/reaper/deployment.go";
constexpr std::string_view amd_operator =
    "ROCm/gpu-operator@6df13c1788c99dca734337287ebd317b15df9c71 internal/kmmmodule/kmmmodule.go";
constexpr std::string_view victoria_operator =
    "VictoriaMetrics/operator@d0d258c86b5aed0df47dd2b3c52c5a97e40e6b48 "
    "internal/controller/operator/factory/vmalertmanager/statefulset.go";
constexpr std::string_view tidb_operator =
    "pingcap/tidb-operator@00b4df83e6d01166d6daa9836d0bf0a553bfe538 pkg/apis/pingcap/v1alpha1/tidbcluster.go";

constexpr std::string_view gpu_title = "NVIDIA GPU Operator";
constexpr std::string_view shared_tag = "the operator writes this tag behind the names of several images";

constexpr operator_image in_three_parts(operator_image row) {
  row.prefix = "repository";
  row.name = "image";
  row.tag = "version";
  return row;
}

// The image of a driver, one for each system of nodes.
constexpr operator_image driver_of_system(operator_image row) {
  row.pin = none;
  row.reason = "the operator appends the node's system to the version, and with a digest it does not";
  return in_three_parts(row);
}

constexpr operator_image gpu_driver(std::string_view mapping) {
  return driver_of_system(
      {.title = gpu_title, .group = "nvidia.com", .mapping = mapping, .source = gpu_operator_drivers});
}

constexpr operator_image of_cluster_management(std::string_view name) {
  return {.title = "Open Cluster Management",
          .group = "operator.open-cluster-management.io",
          .name = name,
          .pin = whole,
          .source = cluster_management};
}

constexpr operator_image rows[] = {
    gpu_driver("driver"),
    gpu_driver("gds"),
    gpu_driver("gdrcopy"),
    gpu_driver("vgpuManager"),
    // All of it is a driver, but for the manager.
    in_three_parts(
        {.title = gpu_title, .group = "nvidia.com", .mapping = "manager", .pin = as_tag, .source = gpu_operator}),
    driver_of_system(
        {.title = gpu_title, .group = "nvidia.com", .kind = "NVIDIADriver", .source = gpu_operator_driver_kind}),
    in_three_parts({.title = gpu_title, .group = "nvidia.com", .pin = as_tag, .source = gpu_operator}),

    driver_of_system({.title = "NVIDIA Network Operator",
                      .group = "mellanox.com",
                      .mapping = "ofedDriver",
                      .source = network_operator_drivers}),
    in_three_parts(
        {.title = "NVIDIA Network Operator", .group = "mellanox.com", .pin = as_tag, .source = network_operator}),

    // A tag with a colon is a digest there, so that "2.9@sha256:…" would become "@2.9@sha256:…".
    {.title = "Argo CD Operator",
     .group = "argoproj.io",
     .kind = "ArgoCD",
     .name = "image",
     .tag = "version",
     .pin = as_tag,
     .source = argocd_operator},

    // It refuses a digest in the tag, and takes one in `sha` first.
    {.title = "Prometheus Operator",
     .group = "monitoring.coreos.com",
     .name = "baseImage",
     .tag = "tag",
     .digest = "sha",
     .replaced_by = "image",
     .pin = hex_digest,
     .reason = "the operator refuses a digest in the tag: write the whole reference as image",
     .source = prometheus_operator},
    {.title = "Prometheus Operator",
     .group = "monitoring.coreos.com",
     .name = "baseImage",
     .tag = "version",
     .digest = "sha",
     .replaced_by = "image",
     .pin = hex_digest,
     .reason = "the operator takes the version without a digest: write the whole reference as image",
     .source = prometheus_operator},

    {.title = "Scylla Operator",
     .group = "scylla.scylladb.com",
     .kind = "ScyllaCluster",
     .name = "repository",
     .tag = "version",
     .pin = behind_tag,
     .source = scylla_operator},
    {.title = "Scylla Operator",
     .group = "scylla.scylladb.com",
     .kind = "ScyllaCluster",
     .name = "agentRepository",
     .tag = "agentVersion",
     .pin = behind_tag,
     .source = scylla_operator},

    {.title = "AWX Operator",
     .group = "awx.ansible.com",
     .name = "image",
     .tag = "image_version",
     .pin = behind_tag,
     .source = awx_operator},

    {.title = "Hazelcast Platform Operator",
     .group = "hazelcast.com",
     .kind = "ManagementCenter",
     .name = "repository",
     .tag = "version",
     .pin = behind_tag,
     .source = management_center},
    {.title = "Hazelcast Platform Operator",
     .group = "hazelcast.com",
     .kind = "Hazelcast",
     .name = "repository",
     .tag = "version",
     .pin = none,
     .reason = "the operator chooses the readiness probe by the version, which must be a version alone",
     .source = hazelcast},

    {.title = "Vitess Operator",
     .group = "planetscale.com",
     .mapping = "images",
     .name = "*",
     .pin = whole,
     .source = vitess_operator},
    {.title = "Vitess Operator",
     .group = "planetscale.com",
     .mapping = "mysqld",
     .name = "*",
     .pin = none,
     .reason = "the operator reads the version of MySQL from the text behind the colon",
     .source = vitess_operator_mysql},

    {.title = "Tempo Operator",
     .group = "tempo.grafana.com",
     .mapping = "images",
     .name = "*",
     .pin = whole,
     .source = tempo_operator},
    {.title = "Knative Operator",
     .group = "operator.knative.dev",
     .mapping = "override",
     .name = "*",
     .pin = whole,
     .source = knative_operator},
    {.title = "Submariner Operator",
     .group = "submariner.io",
     .mapping = "imageOverrides",
     .name = "*",
     .pin = whole,
     .source = submariner_operator},
    {.title = "Submariner Operator",
     .group = "submariner.io",
     .name = "repository",
     .tag = "version",
     .pin = spread,
     .reason = shared_tag,
     .source = submariner_operator},

    of_cluster_management("registrationImagePullSpec"),
    of_cluster_management("workImagePullSpec"),
    of_cluster_management("placementImagePullSpec"),
    of_cluster_management("addOnManagerImagePullSpec"),
    of_cluster_management("imagePullSpec"),

    // "10.4.1" is the tag of its own image; a text with ":", "/" or "@" is a whole reference.
    {.title = "Grafana Operator",
     .group = "grafana.integreatly.org",
     .kind = "Grafana",
     .name = "version",
     .pin = whole,
     .source = grafana_operator},
    {.title = "Stackable operators",
     .group = "*.stackable.tech",
     .mapping = "image",
     .name = "custom",
     .pin = whole,
     .source = stackable},

    {.title = "CockroachDB Operator",
     .group = "crdb.cockroachlabs.com",
     .mapping = "image",
     .name = "name",
     .pin = none,
     .reason = "the operator reads the version from the text behind the colon",
     .source = cockroach_operator},
    {.title = "Solr Operator",
     .group = "solr.apache.org",
     .kind = "SolrCloud",
     .mapping = "solrImage",
     .name = "repository",
     .tag = "tag",
     .pin = none,
     .reason = "the operator compares the tag with the text behind the last colon of a Pod's image",
     .source = solr_operator},
    {.title = "Datadog Operator",
     .group = "datadoghq.com",
     .mapping = "image",
     .name = "name",
     .tag = "tag",
     .pin = spread,
     .reason = "the operator reads the version from the tag, and appends -jmx, -fips or -full to it",
     .source = datadog_operator},
    {.title = "Kiali Operator",
     .group = "kiali.io",
     .mapping = "deployment",
     .name = "image_name",
     .tag = "image_version",
     .pin = none,
     .reason = "a digest takes two members: image_digest: sha256, and its digits as image_version",
     .source = kiali_operator},
    {.title = "Kiali Operator",
     .group = "kiali.io",
     .mapping = "deployment",
     .name = "imageName",
     .tag = "imageVersion",
     .pin = none,
     .reason = "a digest takes two members: imageDigest: sha256, and its digits as imageVersion",
     .source = kiali_operator},
    {.title = "VictoriaMetrics Operator",
     .group = "operator.victoriametrics.com",
     .kind = "VMAlertmanager",
     .mapping = "image",
     .name = "repository",
     .tag = "tag",
     .pin = none,
     .reason = "the operator chooses flags by the tag, which must be a version alone",
     .source = victoria_operator},
    {.title = "TiDB Operator, version 1",
     .group = "pingcap.com",
     .name = "baseImage",
     .tag = "version",
     .pin = none,
     .reason = "the operator reads the version from the text behind the image's last colon",
     .source = tidb_operator},
    {.title = "TiDB Operator, version 1",
     .group = "pingcap.com",
     .kind = "TidbCluster",
     .name = "image",
     .pin = none,
     .reason = "the operator reads the version from the text behind the image's last colon",
     .source = tidb_operator},
    {.title = "K8ssandra Operator",
     .group = "k8ssandra.io",
     .name = "name",
     .tag = "tag",
     .pin = spread,
     .reason = "the operator reads the version of Reaper from the tag",
     .source = k8ssandra_operator},
    {.title = "AMD GPU Operator",
     .group = "amd.com",
     .mapping = "driver",
     .name = "image",
     .tag = "version",
     .pin = none,
     .reason = "the operator makes the tag of the version and of the node's system",
     .source = amd_operator},

    {.title = "KubeVirt",
     .group = "kubevirt.io",
     .kind = "KubeVirt",
     .tag = "imageTag",
     .pin = spread,
     .reason = shared_tag,
     .source = kubevirt},
    {.title = "Istio", .group = "install.istio.io", .tag = "tag", .pin = spread, .reason = shared_tag, .source = istio},
    {.title = "Sail Operator",
     .group = "sailoperator.io",
     .mapping = "global",
     .tag = "tag",
     .pin = spread,
     .reason = shared_tag,
     .source = istio},
    {.title = "Cluster API",
     .group = "controlplane.cluster.x-k8s.io",
     .tag = "imageTag",
     .pin = spread,
     .reason = "the webhook of the operator refuses a digest in it",
     .source = cluster_api},
    {.title = "MySQL Operator",
     .group = "mysql.oracle.com",
     .kind = "InnoDBCluster",
     .name = "imageRepository",
     .tag = "version",
     .pin = spread,
     .reason = shared_tag,
     .source = mysql_operator},
};

// Of the rows with members whose names no other image has.
constexpr std::array<std::string_view, 4> words{"grafana.integreatly.org", "operator.knative.dev", "install.istio.io",
                                                "sailoperator.io"};

bool is_group(std::string_view pattern, std::string_view group) {
  if (!pattern.starts_with('*')) return pattern == group;
  pattern.remove_prefix(1);
  return group.size() > pattern.size() && group.ends_with(pattern);
}

}  // namespace

std::span<const operator_image> operator_images() noexcept { return rows; }

operator_rows rows_of_operator(std::string_view group, std::string_view kind) {
  operator_rows out;
  for (const operator_image& one : rows)
    if (is_group(one.group, group) && (one.kind.empty() || one.kind == kind)) out.push_back(&one);
  return out;
}

std::span<const std::string_view> words_of_operators() noexcept { return words; }

bool has_digest_in_tag(std::string_view tag) { return tag.starts_with(digest_algorithm) || tag.contains('@'); }

}  // namespace pinhook::pin
