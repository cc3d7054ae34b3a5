// Custom resources: files and the webhook find the same images, and write the same pins.
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/operator_images.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAreArray;

const std::string d = "sha256:" + std::string(64, 'd');

struct row {
  std::string_view group, kind, spec;
  // What stands where, after a pin: D is the digest.
  std::vector<std::string> pinned;
  // What is left with a warning, and where.
  std::vector<std::string> left{};
};

const row rows[] = {
    // Mappings that are called an image.
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1"}})", {"/spec/image/tag acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"repo": "acme/a", "version": "1"}})", {"/spec/image/version acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"name": "acme/a", "tag": "1"}})", {"/spec/image/tag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"initImage": {"repository": "acme/a", "imageTag": "1"}})",
     {"/spec/initImage/imageTag acme/a:1@D"}},
    {"a.com", "A", R"({"images": [{"repository": "acme/a", "tag": "1"}]})", {"/spec/images/0/tag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"registry": "ghcr.io", "repository": "acme/a", "tag": "1"}})",
     {"/spec/image/tag ghcr.io/acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"repository": "acme/a", "tag": "1", "digest": ""}})",
     {"/spec/image/digest acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1", "sha": ""}})", {"/spec/image/sha acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"repository": "acme/a", "tag": "1", "sha256": "", "pullPolicy": "Always"}})",
     {"/spec/image/sha256 acme/a:1@D"}},
    // Others, with `repository` and `tag`.
    {"a.com", "A", R"({"engine": {"repository": "acme/a", "tag": "1"}})", {"/spec/engine/tag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"repository": "acme/engine", "name": "engine", "tag": "1"}})",
     {"/spec/image/tag acme/engine:1@D"}},
    // A string and the tag beside it.
    {"a.com", "A", R"({"image": "acme/a", "tag": "1"})", {"/spec/tag acme/a:1@D"}},
    {"a.com", "A", R"({"image": "acme/a", "imageTag": "1"})", {"/spec/imageTag acme/a:1@D"}},
    {"a.com", "A", R"({"initImage": "acme/a", "initImageTag": "1"})", {"/spec/initImageTag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"initImage": "acme/a", "initImageVersion": "1", "initImageDigest": ""})",
     {"/spec/initImageDigest acme/a:1@D"}},
    // Whole strings beside them.
    {"a.com", "A", R"({"image": "acme/a:1", "tag": "2", "version": "3"})", {"/spec/image acme/a:1@D"}},
    // A registry around it that it has already.
    {"a.com", "A", R"({"global": {"registry": "ghcr.io"}, "image": {"repository": "ghcr.io/acme/a", "tag": "1"}})", {}},
    {"a.com",
     "A",
     R"({"global": {"registry": "ghcr.io"}, "image": {"registry": "ghcr.io", "repository": "acme/a", "tag": "1"}})",
     {"/spec/image/tag ghcr.io/acme/a:1@D"}},
    // Operators that put them together by themselves.
    {"nvidia.com",
     "ClusterPolicy",
     R"({"toolkit": {"repository": "nvcr.io/nvidia/k8s", "image": "container-toolkit", "version": "v1.16.1"}})",
     {"/spec/toolkit/version nvcr.io/nvidia/k8s/container-toolkit@D"}},
    {"argoproj.io",
     "ArgoCD",
     R"({"image": "quay.io/argoproj/argocd", "version": "v2.9.0"})",
     {"/spec/version quay.io/argoproj/argocd@D"}},
    {"mellanox.com",
     "NicClusterPolicy",
     R"({"nvIpam": {"repository": "ghcr.io/mellanox", "image": "nvidia-k8s-ipam", "version": "v0.3.7"}})",
     {"/spec/nvIpam/version ghcr.io/mellanox/nvidia-k8s-ipam@D"}},
    {"monitoring.coreos.com",
     "Prometheus",
     R"({"baseImage": "quay.io/prometheus/prometheus", "tag": "v2.50.1", "sha": ""})",
     {"/spec/sha quay.io/prometheus/prometheus:v2.50.1@D"}},
    {"monitoring.coreos.com",
     "Prometheus",
     R"({"thanos": {"baseImage": "quay.io/thanos/thanos", "version": "v0.34.0", "sha": ""}})",
     {"/spec/thanos/sha quay.io/thanos/thanos:v0.34.0@D"}},
    {"monitoring.coreos.com",
     "Prometheus",
     R"({"baseImage": "quay.io/a/b", "version": "v1", "image": "quay.io/c/d:v2"})",
     {"/spec/image quay.io/c/d:v2@D"}},
    {"scylla.scylladb.com",
     "ScyllaCluster",
     R"({"repository": "scylladb/scylla", "version": "5.4.0", "agentRepository": "scylladb/agent",
         "agentVersion": "3.2.0"})",
     {"/spec/version scylladb/scylla:5.4.0@D", "/spec/agentVersion scylladb/agent:3.2.0@D"}},
    {"awx.ansible.com",
     "AWX",
     R"({"image": "quay.io/ansible/awx", "image_version": "24.6.1", "redis_image": "docker.io/redis",
         "redis_image_version": "7"})",
     {"/spec/image_version quay.io/ansible/awx:24.6.1@D", "/spec/redis_image_version docker.io/redis:7@D"}},
    {"hazelcast.com",
     "ManagementCenter",
     R"({"repository": "hazelcast/management-center", "version": "5.3.0"})",
     {"/spec/version hazelcast/management-center:5.3.0@D"}},
    {"planetscale.com",
     "VitessCluster",
     R"({"images": {"vtgate": "vitess/lite:v19", "mysqld": {"mysql80Compatible": "vitess/mysql:8.0.30"}}})",
     {"/spec/images/vtgate vitess/lite:v19@D"},
     {"/spec/images/mysqld/mysql80Compatible vitess/mysql:8.0.30"}},
    {"tempo.grafana.com",
     "TempoStack",
     R"({"images": {"tempo": "docker.io/grafana/tempo:2.4.1"}})",
     {"/spec/images/tempo docker.io/grafana/tempo:2.4.1@D"}},
    {"operator.knative.dev",
     "KnativeServing",
     R"({"registry": {"override": {"activator": "gcr.io/knative/activator:v1.14", "x/y": "word"}}})",
     {"/spec/registry/override/activator gcr.io/knative/activator:v1.14@D"}},
    {"submariner.io",
     "Submariner",
     R"({"imageOverrides": {"submariner-gateway": "quay.io/submariner/gateway:0.17"}, "repository": "quay.io/submariner",
         "version": "0.17"})",
     {"/spec/imageOverrides/submariner-gateway quay.io/submariner/gateway:0.17@D"},
     {"/spec/version 0.17"}},
    {"operator.open-cluster-management.io",
     "Klusterlet",
     R"({"registrationImagePullSpec": "quay.io/ocm/registration:v1", "imagePullSpec": "quay.io/ocm/all:v1"})",
     {"/spec/registrationImagePullSpec quay.io/ocm/registration:v1@D", "/spec/imagePullSpec quay.io/ocm/all:v1@D"}},
    {"operator.open-cluster-management.io",
     "ClusterManager",
     R"({"workImagePullSpec": "quay.io/ocm/w:v1", "placementImagePullSpec": "quay.io/ocm/p:v1",
         "addOnManagerImagePullSpec": "quay.io/ocm/a:v1"})",
     {"/spec/workImagePullSpec quay.io/ocm/w:v1@D", "/spec/placementImagePullSpec quay.io/ocm/p:v1@D",
      "/spec/addOnManagerImagePullSpec quay.io/ocm/a:v1@D"}},
    {"grafana.integreatly.org",
     "Grafana",
     R"({"version": "docker.io/grafana/grafana:10.4.1"})",
     {"/spec/version docker.io/grafana/grafana:10.4.1@D"}},
    {"grafana.integreatly.org", "Grafana", R"({"version": "10.4.1"})", {}},
    {"superset.stackable.tech",
     "SupersetCluster",
     R"({"image": {"custom": "oci.example.com/superset:1.4.1", "productVersion": "1.4.1"}})",
     {"/spec/image/custom oci.example.com/superset:1.4.1@D"}},
    // Their operators take no digest.
    {"mellanox.com",
     "NicClusterPolicy",
     R"({"ofedDriver": {"repository": "nvcr.io/nvidia/mellanox", "image": "doca-driver", "version": "24.10"}})",
     {},
     {"/spec/ofedDriver/version nvcr.io/nvidia/mellanox/doca-driver:24.10"}},
    {"nvidia.com",
     "ClusterPolicy",
     R"({"driver": {"repository": "nvcr.io/nvidia", "image": "driver", "version": "550.54.15",
                    "manager": {"repository": "nvcr.io/nvidia/cloud-native", "image": "manager", "version": "v0.6"}},
         "gds": {"repository": "nvcr.io/nvidia", "image": "nvidia-fs", "version": "2.17"},
         "gdrcopy": {"repository": "nvcr.io/nvidia", "image": "gdrdrv", "version": "v2.4"},
         "vgpuManager": {"repository": "nvcr.io/nvidia", "image": "vgpu-manager", "version": "16.1"},
         "toolkit": {"repository": "nvcr.io/nvidia", "image": "toolkit", "version": "v1.14"}})",
     {"/spec/driver/manager/version nvcr.io/nvidia/cloud-native/manager@D",
      "/spec/toolkit/version nvcr.io/nvidia/toolkit@D"},
     {"/spec/driver/version nvcr.io/nvidia/driver:550.54.15", "/spec/gds/version nvcr.io/nvidia/nvidia-fs:2.17",
      "/spec/gdrcopy/version nvcr.io/nvidia/gdrdrv:v2.4",
      "/spec/vgpuManager/version nvcr.io/nvidia/vgpu-manager:16.1"}},
    {"nvidia.com",
     "NVIDIADriver",
     R"({"repository": "nvcr.io/nvidia", "image": "driver", "version": "550.54.15",
         "manager": {"repository": "nvcr.io/nvidia/cloud-native", "image": "manager", "version": "v0.6"},
         "gdrcopy": {"repository": "nvcr.io/nvidia", "image": "gdrdrv", "version": "v2.4"}})",
     {"/spec/manager/version nvcr.io/nvidia/cloud-native/manager@D"},
     {"/spec/version nvcr.io/nvidia/driver:550.54.15", "/spec/gdrcopy/version nvcr.io/nvidia/gdrdrv:v2.4"}},
    {"monitoring.coreos.com",
     "Alertmanager",
     R"({"baseImage": "quay.io/prometheus/alertmanager", "tag": "v0.27.0"})",
     {},
     {"/spec/tag quay.io/prometheus/alertmanager:v0.27.0"}},
    {"monitoring.coreos.com",
     "Prometheus",
     R"({"baseImage": "quay.io/prometheus/prometheus", "version": "v2.50.1"})",
     {},
     {"/spec/version quay.io/prometheus/prometheus:v2.50.1"}},
    {"hazelcast.com",
     "Hazelcast",
     R"({"repository": "hazelcast/hazelcast", "version": "5.3.0"})",
     {},
     {"/spec/version hazelcast/hazelcast:5.3.0"}},
    {"crdb.cockroachlabs.com",
     "CrdbCluster",
     R"({"image": {"name": "cockroachdb/cockroach:v23.1.4"}})",
     {},
     {"/spec/image/name cockroachdb/cockroach:v23.1.4"}},
    {"solr.apache.org",
     "SolrCloud",
     R"({"solrImage": {"repository": "solr", "tag": "9.4"}, "busyBoxImage": {"repository": "busybox", "tag": "1.36"}})",
     {"/spec/busyBoxImage/tag busybox:1.36@D"},
     {"/spec/solrImage/tag solr:9.4"}},
    {"datadoghq.com",
     "DatadogAgent",
     R"({"override": {"nodeAgent": {"image": {"name": "agent", "tag": "7.50.0"}}}})",
     {},
     {"/spec/override/nodeAgent/image/tag 7.50.0"}},
    {"kiali.io",
     "Kiali",
     R"({"deployment": {"image_name": "quay.io/kiali/kiali", "image_version": "v1.80", "image_digest": ""}})",
     {},
     {"/spec/deployment/image_version quay.io/kiali/kiali:v1.80"}},
    {"kiali.io",
     "OSSMConsole",
     R"({"deployment": {"imageName": "quay.io/kiali/console", "imageVersion": "v1.80"}})",
     {},
     {"/spec/deployment/imageVersion quay.io/kiali/console:v1.80"}},
    {"operator.victoriametrics.com",
     "VMAlertmanager",
     R"({"image": {"repository": "prom/alertmanager", "tag": "v0.27.0"}})",
     {},
     {"/spec/image/tag prom/alertmanager:v0.27.0"}},
    {"operator.victoriametrics.com",
     "VMSingle",
     R"({"image": {"repository": "victoriametrics/victoria-metrics", "tag": "v1.96.0"}})",
     {"/spec/image/tag victoriametrics/victoria-metrics:v1.96.0@D"}},
    {"pingcap.com",
     "TidbMonitor",
     R"({"prometheus": {"baseImage": "prom/prometheus", "version": "v2.27.1"}})",
     {},
     {"/spec/prometheus/version prom/prometheus:v2.27.1"}},
    {"pingcap.com",
     "TidbCluster",
     R"({"tikv": {"image": "pingcap/tikv:v7.5.0"}, "version": "v7.5.0", "pd": {"baseImage": "quay.io/pingcap/pd"}})",
     {},
     {"/spec/tikv/image pingcap/tikv:v7.5.0"}},
    {"k8ssandra.io",
     "K8ssandraCluster",
     R"({"reaper": {"containerImage": {"registry": "docker.io", "repository": "thelastpickle", "name": "cassandra-reaper",
         "tag": "3.6.1"}}})",
     {},
     {"/spec/reaper/containerImage/tag 3.6.1"}},
    {"amd.com",
     "DeviceConfig",
     R"({"driver": {"image": "docker.io/acme/amdgpu-driver", "version": "6.2.2"}})",
     {},
     {"/spec/driver/version docker.io/acme/amdgpu-driver:6.2.2"}},
    {"kubevirt.io",
     "KubeVirt",
     R"({"imageRegistry": "quay.io/kubevirt", "imageTag": "v1.2.0"})",
     {},
     {"/spec/imageTag v1.2.0"}},
    {"install.istio.io", "IstioOperator", R"({"hub": "docker.io/istio", "tag": "1.22.0"})", {}, {"/spec/tag 1.22.0"}},
    {"sailoperator.io",
     "Istio",
     R"({"values": {"global": {"tag": "1.22.0"}}})",
     {},
     {"/spec/values/global/tag 1.22.0"}},
    {"controlplane.cluster.x-k8s.io",
     "KubeadmControlPlane",
     R"({"kubeadmConfigSpec": {"clusterConfiguration": {"dns": {"imageRepository": "registry.k8s.io/coredns",
         "imageTag": "v1.11.1"}}}})",
     {},
     {"/spec/kubeadmConfigSpec/clusterConfiguration/dns/imageTag v1.11.1"}},
    {"mysql.oracle.com",
     "InnoDBCluster",
     R"({"imageRepository": "registry.example.com/mysql", "version": "8.4.0"})",
     {},
     {"/spec/version 8.4.0"}},
    // Where there is a digest, nothing is said.
    {"kubevirt.io",
     "KubeVirt",
     R"({"imageTag": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})",
     {}},
    // A name whose tag the operator knows is no image by itself.
    {"monitoring.coreos.com", "Prometheus", R"({"thanos": {"baseImage": "quay.io/thanos/thanos"}})", {}},
    {"awx.ansible.com", "AWX", R"({"image": "quay.io/ansible/awx"})", {}},
    // Nor is a text without a tag where one is beside or around it.
    {"a.com", "A", R"({"baseImage": "quay.io/acme/a", "version": "1"})", {}},
    {"a.com", "A", R"({"version": "1", "worker": {"image": "quay.io/acme/a", "baseImage": "quay.io/acme/b"}})", {}},
    {"a.com",
     "A",
     R"({"version": "1", "worker": [{"image": "quay.io/acme/a"}, {"image": "quay.io/acme/b:2"}]})",
     {"/spec/worker/1/image quay.io/acme/b:2@D"}},
    {"a.com",
     "A",
     R"({"appVersion": "1", "images": ["quay.io/acme/a"], "env": [{"name": "B_IMAGE", "value": "quay.io/b"}]})",
     {}},
    {"a.com",
     "A",
     R"({"version": "", "worker": {"image": "quay.io/acme/a"}})",
     {"/spec/worker/image quay.io/acme/a:latest@D"}},
    // Left: a part is missing, no text, or may be longer than here.
    {"a.com", "A", R"({"image": {"repository": "acme/a"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": ["1"]}})", {}},
    {"a.com", "A", R"({"image": {"name": "engine"}})", {}},
    {"a.com", "A", R"({"engine": {"name": "acme/a", "tag": "1"}})", {}},
    {"a.com", "A", R"({"source": {"repository": "https://github.com/acme/a.git", "tag": "v1"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "Not A Tag"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "quay.io/acme", "name": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"engine": {"repository": "quay.io/acme", "image": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"engine": {"repository": "quay.io/acme", "image": "engine", "imageTag": "1"}})", {}},
    {"a.com", "A", R"({"engine": {"repository": "quay.io/acme", "imageName": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"engine": {"imageRepository": "quay.io/acme", "image": "engine:1"}})", {}},
    {"a.com", "A", R"({"image": {"repo": "quay.io/acme", "name": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"image": {"registry": "quay.io", "project": "acme", "repository": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"repository": "acme/source", "image": "acme/a:1"})", {"/spec/image acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1", "variant": "slim"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1", "tagSuffix": "-slim"}})", {}},
    {"a.com", "A", R"({"registry": "ghcr.io", "image": {"repository": "acme/a", "tag": "1"}})", {}},
    {"a.com",
     "A",
     R"({"x": {"image": {"repository": "acme/a", "tag": "1"}}, "global": {"imageRegistry": "ghcr.io"}})",
     {}},
    // Without what the operator may write behind it, it is another image.
    {"a.com", "A", R"({"image": "quay.io/acme/a", "version": "2"})", {}},
    {"a.com", "A", R"({"image": "acme/a", "sidecarImage": "acme/b", "tag": "1"})", {}},
    // The tag may be that of either.
    {"a.com", "A", R"({"image": "acme/a", "sidecarImage": "quay.io/acme/b", "tag": "1"})", {}},
    {"a.com",
     "A",
     R"({"sidecarImage": "quay.io/acme/b", "initImage": "quay.io/acme/c", "image": "a", "tag": "1"})",
     {}},
    {"a.com",
     "A",
     R"({"image": "acme/a", "sidecarImage": "quay.io/acme/b", "sidecarImageTag": "2", "tag": "1"})",
     {"/spec/tag acme/a:1@D", "/spec/sidecarImageTag quay.io/acme/b:2@D"}},
};

std::vector<std::string> sorted(std::vector<std::string> of) {
  std::ranges::sort(of);
  return of;
}

// The images that the webhook finds, each as it is pinned; those that are left with a warning go to `left`.
std::vector<std::string> at_admission(const std::string& text, const row& one, bool is_pinned,
                                      std::vector<std::string>& left) {
  const auto read =
      pin::read_object(text, {}, {.takes_keys = true, .operators = pin::rows_of_operator(one.group, one.kind)});
  EXPECT_TRUE(read) << text;
  std::vector<std::string> out;
  for (const pin::left_tag& tag : read->found.left) {
    EXPECT_FALSE(tag.reason.empty());
    left.push_back(tag.pointer + " " + tag.text);
  }
  for (const pin::slot& s : read->found.slots) {
    std::string image = s.image;
    if (!s.obstacle.empty() && !registry::reference::parse(image)->is_pinned()) {
      left.push_back(s.pointer + " " + image);
      continue;
    }
    if (!is_pinned) {
      const auto ref = registry::reference::parse(image);
      image = pin::write_pin(ref->written_name(), ref->effective_tag(), *registry::digest::parse(d),
                             pin::format_of(s.value).value_or(pin::pin_format::tag_and_digest));
    }
    out.push_back(s.pointer + " " + image);
  }
  return sorted(std::move(out));
}

TEST(BothSearches, FindAndWriteTheSame) {
  for (const row& one : rows) {
    SCOPED_TRACE(one.spec);
    const std::string text =
        fmt::format(R"({{"apiVersion": "{}/v1", "kind": "{}", "spec": {}}})", one.group, one.kind, one.spec);
    std::vector<std::string> expected;
    for (const std::string& line : one.pinned) expected.push_back(line.substr(0, line.size() - 1) + d);
    std::vector<std::string> left;
    EXPECT_THAT(at_admission(text, one, false, left), ElementsAreArray(sorted(expected)));
    EXPECT_THAT(sorted(std::move(left)), ElementsAreArray(sorted(one.left)));

    const auto file = image_file::read(text, "a.json", {});
    ASSERT_TRUE(file) << file.error().message;
    std::vector<change> changes;
    std::size_t left_in_file = 0;
    for (std::size_t i = 0; i < file->slots().size(); ++i) {
      const slot& s = file->slots()[i];
      EXPECT_TRUE(s.is_guess);
      for (const std::string& line : one.left)
        if (line.ends_with(" " + s.written)) {
          EXPECT_EQ(s.reason, skip_reason::split) << line;
          EXPECT_FALSE(s.problem.empty()) << line;
          ++left_in_file;
        }
      if (file->slots()[i].reason == skip_reason::none && !file->slots()[i].is_refused())
        changes.push_back({i, *registry::digest::parse(d)});
    }
    EXPECT_EQ(changes.size(), expected.size());
    EXPECT_EQ(left_in_file, one.left.size());
    const auto pinned = file->rewrite(changes, pin::pin_format::tag_and_digest);
    ASSERT_TRUE(pinned) << pinned.error().message;
    if (expected.empty()) continue;
    std::vector<std::string> left_then;
    EXPECT_THAT(at_admission(*pinned, one, true, left_then), ElementsAreArray(sorted(expected)));
    EXPECT_EQ(left_then.size(), one.left.size());
  }
}

}  // namespace
}  // namespace pinhook::files
