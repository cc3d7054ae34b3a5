#include <pinhook/pin/pod_paths.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>

namespace pinhook::pin {
namespace {

struct table_row {
  std::string_view group, kind, path;
  holding what = holding::pod_template;
};

// Sources: the API types of each project, by the JSON names of their fields. Groups are compared, versions are not: no
// project moved a template between versions.
constexpr table_row table[] = {
    // The most frequent first: the table is read from the top.
    {"", "Pod", "spec", holding::pod_spec},
    {"apps", "ReplicaSet", "spec.template"},
    {"apps", "Deployment", "spec.template"},
    {"apps", "StatefulSet", "spec.template"},
    {"apps", "DaemonSet", "spec.template"},
    {"batch", "Job", "spec.template"},
    {"batch", "CronJob", "spec.jobTemplate.spec.template"},
    {"", "ReplicationController", "spec.template"},
    {"", "PodTemplate", "template"},

    {"argoproj.io", "Rollout", "spec.template"},
    {"argoproj.io", "Workflow", "spec.templates[*].container", holding::container},
    {"argoproj.io", "Workflow", "spec.templates[*].script", holding::container},
    {"argoproj.io", "Workflow", "spec.templates[*].initContainers[*]", holding::container},
    {"argoproj.io", "Workflow", "spec.templates[*].sidecars[*]", holding::container},
    {"argoproj.io", "Workflow", "spec.templates[*].containerSet.containers[*]", holding::container},
    {"argoproj.io", "WorkflowTemplate", "spec.templates[*].container", holding::container},
    {"argoproj.io", "WorkflowTemplate", "spec.templates[*].script", holding::container},
    {"argoproj.io", "WorkflowTemplate", "spec.templates[*].initContainers[*]", holding::container},
    {"argoproj.io", "WorkflowTemplate", "spec.templates[*].sidecars[*]", holding::container},
    {"argoproj.io", "WorkflowTemplate", "spec.templates[*].containerSet.containers[*]", holding::container},
    {"argoproj.io", "ClusterWorkflowTemplate", "spec.templates[*].container", holding::container},
    {"argoproj.io", "ClusterWorkflowTemplate", "spec.templates[*].script", holding::container},
    {"argoproj.io", "ClusterWorkflowTemplate", "spec.templates[*].initContainers[*]", holding::container},
    {"argoproj.io", "ClusterWorkflowTemplate", "spec.templates[*].sidecars[*]", holding::container},
    {"argoproj.io", "ClusterWorkflowTemplate", "spec.templates[*].containerSet.containers[*]", holding::container},
    {"argoproj.io", "CronWorkflow", "spec.workflowSpec.templates[*].container", holding::container},
    {"argoproj.io", "CronWorkflow", "spec.workflowSpec.templates[*].script", holding::container},
    {"argoproj.io", "CronWorkflow", "spec.workflowSpec.templates[*].initContainers[*]", holding::container},
    {"argoproj.io", "CronWorkflow", "spec.workflowSpec.templates[*].sidecars[*]", holding::container},
    {"argoproj.io", "CronWorkflow", "spec.workflowSpec.templates[*].containerSet.containers[*]", holding::container},

    {"tekton.dev", "Task", "spec.steps[*]", holding::container},
    {"tekton.dev", "Task", "spec.sidecars[*]", holding::container},
    {"tekton.dev", "Task", "spec.stepTemplate", holding::container},
    {"tekton.dev", "ClusterTask", "spec.steps[*]", holding::container},
    {"tekton.dev", "ClusterTask", "spec.sidecars[*]", holding::container},
    {"tekton.dev", "ClusterTask", "spec.stepTemplate", holding::container},
    {"tekton.dev", "StepAction", "spec", holding::container},
    {"tekton.dev", "TaskRun", "spec.taskSpec.steps[*]", holding::container},
    {"tekton.dev", "TaskRun", "spec.taskSpec.sidecars[*]", holding::container},
    {"tekton.dev", "TaskRun", "spec.taskSpec.stepTemplate", holding::container},
    {"tekton.dev", "Pipeline", "spec.tasks[*].taskSpec.steps[*]", holding::container},
    {"tekton.dev", "Pipeline", "spec.tasks[*].taskSpec.sidecars[*]", holding::container},
    {"tekton.dev", "Pipeline", "spec.tasks[*].taskSpec.stepTemplate", holding::container},
    {"tekton.dev", "Pipeline", "spec.finally[*].taskSpec.steps[*]", holding::container},
    {"tekton.dev", "Pipeline", "spec.finally[*].taskSpec.sidecars[*]", holding::container},
    {"tekton.dev", "Pipeline", "spec.finally[*].taskSpec.stepTemplate", holding::container},
    {"tekton.dev", "PipelineRun", "spec.pipelineSpec.tasks[*].taskSpec.steps[*]", holding::container},
    {"tekton.dev", "PipelineRun", "spec.pipelineSpec.tasks[*].taskSpec.sidecars[*]", holding::container},
    {"tekton.dev", "PipelineRun", "spec.pipelineSpec.tasks[*].taskSpec.stepTemplate", holding::container},
    {"tekton.dev", "PipelineRun", "spec.pipelineSpec.finally[*].taskSpec.steps[*]", holding::container},
    {"tekton.dev", "PipelineRun", "spec.pipelineSpec.finally[*].taskSpec.sidecars[*]", holding::container},
    {"tekton.dev", "PipelineRun", "spec.pipelineSpec.finally[*].taskSpec.stepTemplate", holding::container},

    {"serving.knative.dev", "Service", "spec.template"},
    {"serving.knative.dev", "Configuration", "spec.template"},
    // A Revision's spec is a pod spec with a few fields more.
    {"serving.knative.dev", "Revision", "spec", holding::pod_spec},

    {"keda.sh", "ScaledJob", "spec.jobTargetRef.template"},
    {"jobset.x-k8s.io", "JobSet", "spec.replicatedJobs[*].template.spec.template"},
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", "spec.leaderWorkerTemplate.leaderTemplate"},
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", "spec.leaderWorkerTemplate.workerTemplate"},

    {"kubeflow.org", "TFJob", "spec.tfReplicaSpecs{*}.template"},
    {"kubeflow.org", "PyTorchJob", "spec.pytorchReplicaSpecs{*}.template"},
    {"kubeflow.org", "MPIJob", "spec.mpiReplicaSpecs{*}.template"},
    {"kubeflow.org", "XGBoostJob", "spec.xgbReplicaSpecs{*}.template"},
    {"kubeflow.org", "PaddleJob", "spec.paddleReplicaSpecs{*}.template"},
    {"kubeflow.org", "MXJob", "spec.mxReplicaSpecs{*}.template"},
    {"kubeflow.org", "JAXJob", "spec.jaxReplicaSpecs{*}.template"},

    {"ray.io", "RayCluster", "spec.headGroupSpec.template"},
    {"ray.io", "RayCluster", "spec.workerGroupSpecs[*].template"},
    {"ray.io", "RayJob", "spec.rayClusterSpec.headGroupSpec.template"},
    {"ray.io", "RayJob", "spec.rayClusterSpec.workerGroupSpecs[*].template"},
    {"ray.io", "RayJob", "spec.submitterPodTemplate"},
    {"ray.io", "RayService", "spec.rayClusterConfig.headGroupSpec.template"},
    {"ray.io", "RayService", "spec.rayClusterConfig.workerGroupSpecs[*].template"},

    {"apps.kruise.io", "CloneSet", "spec.template"},
    {"apps.kruise.io", "StatefulSet", "spec.template"},
    {"apps.kruise.io", "DaemonSet", "spec.template"},
    {"apps.kruise.io", "BroadcastJob", "spec.template"},
    {"apps.kruise.io", "SidecarSet", "spec", holding::pod_spec},
    {"apps.kruise.io", "AdvancedCronJob", "spec.template.jobTemplate.spec.template"},
    {"apps.kruise.io", "AdvancedCronJob", "spec.template.broadcastJobTemplate.spec.template"},
    {"apps.kruise.io", "UnitedDeployment", "spec.template.statefulSetTemplate.spec.template"},
    {"apps.kruise.io", "UnitedDeployment", "spec.template.advancedStatefulSetTemplate.spec.template"},
    {"apps.kruise.io", "UnitedDeployment", "spec.template.cloneSetTemplate.spec.template"},
    {"apps.kruise.io", "UnitedDeployment", "spec.template.deploymentTemplate.spec.template"},

    {"apps.openshift.io", "DeploymentConfig", "spec.template"},
    {"batch.volcano.sh", "Job", "spec.tasks[*].template"},
};

}  // namespace

pod_paths::pod_paths(const std::vector<custom_kind>& more) {
  for (const table_row& r : table) add(row_of(r.group, r.kind), r.path, r.what);
  for (const custom_kind& k : more)
    for (const std::string& text : k.paths) add(row_of(k.group, k.kind), text, holding::image);
}

pod_paths::row& pod_paths::row_of(std::string_view group, std::string_view kind) {
  for (row& r : rows_)
    if (r.group == group && r.kind == kind) return r;
  return rows_.emplace_back(row{std::string(group), std::string(kind), {}});
}

void pod_paths::add(row& to, std::string_view text, holding what) {
  auto parsed = parse_path(text);
  if (!parsed) throw std::invalid_argument(parsed.error().message);
  if (to.places.size() == max_places)
    throw std::invalid_argument(fmt::format("kind {} has more than {} paths", quoted(to.kind), max_places));
  // A pod spec's and a container's image stands under "image"; one of the operator's under the path's last name.
  const auto named = std::ranges::find(std::views::reverse(*parsed), path_step::kind::member, &path_step::what);
  if (what == holding::image && std::ranges::find(keys_, named->name) == keys_.end()) keys_.push_back(named->name);
  to.places.push_back({std::move(*parsed), what});
}

std::span<const place> pod_paths::of(std::string_view group, std::string_view kind) const {
  for (const row& r : rows_)
    if (r.kind == kind && r.group == group) return r.places;
  return {};
}

}  // namespace pinhook::pin
