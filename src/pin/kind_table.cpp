#include <pinhook/pin/kind_table.hpp>

#include <array>

namespace pinhook::pin {
namespace {

using enum holding;
using enum images;

constexpr std::array holding_names =
    std::to_array<std::string_view>({"pod template", "pod spec", "container", "image"});

constexpr std::array images_names = std::to_array<std::string_view>({"changeable", "immutable", "immutable by name"});

template <std::size_t Size>
using places = std::array<known_place, Size>;

// Sources: the API types of each project, by the JSON names of their fields. Groups are compared, versions are not: no
// project moved a template between versions.

constexpr places<1> in_spec{{{"spec", pod_spec}}};
constexpr places<1> in_spec_template{{{"spec.template"}}};
constexpr places<1> cron_job{{{"spec.jobTemplate.spec.template"}}};
constexpr places<1> top_template{{{"template"}}};

constexpr places<5> workflow{{{"spec.templates[*].container", container},
                              {"spec.templates[*].script", container},
                              {"spec.templates[*].initContainers[*]", container},
                              {"spec.templates[*].sidecars[*]", container},
                              {"spec.templates[*].containerSet.containers[*]", container}}};
constexpr places<5> cron_workflow{{{"spec.workflowSpec.templates[*].container", container},
                                   {"spec.workflowSpec.templates[*].script", container},
                                   {"spec.workflowSpec.templates[*].initContainers[*]", container},
                                   {"spec.workflowSpec.templates[*].sidecars[*]", container},
                                   {"spec.workflowSpec.templates[*].containerSet.containers[*]", container}}};
constexpr places<1> analysis{{{"spec.metrics[*].provider.job.spec.template"}}};

constexpr places<3> task{
    {{"spec.steps[*]", container}, {"spec.sidecars[*]", container}, {"spec.stepTemplate", container}}};
constexpr places<1> step_action{{{"spec", container}}};
constexpr places<3> task_run{{{"spec.taskSpec.steps[*]", container},
                              {"spec.taskSpec.sidecars[*]", container},
                              {"spec.taskSpec.stepTemplate", container}}};
constexpr places<6> pipeline{{{"spec.tasks[*].taskSpec.steps[*]", container},
                              {"spec.tasks[*].taskSpec.sidecars[*]", container},
                              {"spec.tasks[*].taskSpec.stepTemplate", container},
                              {"spec.finally[*].taskSpec.steps[*]", container},
                              {"spec.finally[*].taskSpec.sidecars[*]", container},
                              {"spec.finally[*].taskSpec.stepTemplate", container}}};
constexpr places<6> pipeline_run{{{"spec.pipelineSpec.tasks[*].taskSpec.steps[*]", container},
                                  {"spec.pipelineSpec.tasks[*].taskSpec.sidecars[*]", container},
                                  {"spec.pipelineSpec.tasks[*].taskSpec.stepTemplate", container},
                                  {"spec.pipelineSpec.finally[*].taskSpec.steps[*]", container},
                                  {"spec.pipelineSpec.finally[*].taskSpec.sidecars[*]", container},
                                  {"spec.pipelineSpec.finally[*].taskSpec.stepTemplate", container}}};

constexpr places<1> scaled_job{{{"spec.jobTargetRef.template"}}};
constexpr places<1> job_set{{{"spec.replicatedJobs[*].template.spec.template"}}};
constexpr places<2> leader_worker_set{
    {{"spec.leaderWorkerTemplate.leaderTemplate"}, {"spec.leaderWorkerTemplate.workerTemplate"}}};

constexpr places<1> tf_job{{{"spec.tfReplicaSpecs{*}.template"}}};
constexpr places<1> pytorch_job{{{"spec.pytorchReplicaSpecs{*}.template"}}};
constexpr places<1> mpi_job{{{"spec.mpiReplicaSpecs{*}.template"}}};
constexpr places<1> xgboost_job{{{"spec.xgbReplicaSpecs{*}.template"}}};
constexpr places<1> paddle_job{{{"spec.paddleReplicaSpecs{*}.template"}}};
constexpr places<1> mx_job{{{"spec.mxReplicaSpecs{*}.template"}}};
constexpr places<1> jax_job{{{"spec.jaxReplicaSpecs{*}.template"}}};
constexpr places<1> train_job{{{"spec.trainer.image", image}}};
constexpr places<1> training_runtime{{{"spec.template.spec.replicatedJobs[*].template.spec.template"}}};

constexpr places<3> ray_cluster{
    {{"spec.headGroupSpec.template"}, {"spec.workerGroupSpecs[*].template"}, {"spec.autoscalerOptions.image", image}}};
constexpr places<4> ray_job{{{"spec.rayClusterSpec.headGroupSpec.template"},
                             {"spec.rayClusterSpec.workerGroupSpecs[*].template"},
                             {"spec.rayClusterSpec.autoscalerOptions.image", image},
                             {"spec.submitterPodTemplate"}}};
constexpr places<4> ray_cron_job{{{"spec.jobTemplate.rayClusterSpec.headGroupSpec.template"},
                                  {"spec.jobTemplate.rayClusterSpec.workerGroupSpecs[*].template"},
                                  {"spec.jobTemplate.rayClusterSpec.autoscalerOptions.image", image},
                                  {"spec.jobTemplate.submitterPodTemplate"}}};
constexpr places<3> ray_service{{{"spec.rayClusterConfig.headGroupSpec.template"},
                                 {"spec.rayClusterConfig.workerGroupSpecs[*].template"},
                                 {"spec.rayClusterConfig.autoscalerOptions.image", image}}};

constexpr places<2> advanced_cron_job{
    {{"spec.template.jobTemplate.spec.template"}, {"spec.template.broadcastJobTemplate.spec.template"}}};
constexpr places<4> united_deployment{{{"spec.template.statefulSetTemplate.spec.template"},
                                       {"spec.template.advancedStatefulSetTemplate.spec.template"},
                                       {"spec.template.cloneSetTemplate.spec.template"},
                                       {"spec.template.deploymentTemplate.spec.template"}}};

constexpr places<1> volcano_job{{{"spec.tasks[*].template"}}};
constexpr places<1> volcano_cron_job{{{"spec.jobTemplate.spec.tasks[*].template"}}};

constexpr places<9> spark_application{{{"spec.image", image},
                                       {"spec.driver.image", image},
                                       {"spec.driver.template"},
                                       {"spec.driver.initContainers[*]", container},
                                       {"spec.driver.sidecars[*]", container},
                                       {"spec.executor.image", image},
                                       {"spec.executor.template"},
                                       {"spec.executor.initContainers[*]", container},
                                       {"spec.executor.sidecars[*]", container}}};
constexpr places<9> scheduled_spark_application{{{"spec.template.image", image},
                                                 {"spec.template.driver.image", image},
                                                 {"spec.template.driver.template"},
                                                 {"spec.template.driver.initContainers[*]", container},
                                                 {"spec.template.driver.sidecars[*]", container},
                                                 {"spec.template.executor.image", image},
                                                 {"spec.template.executor.template"},
                                                 {"spec.template.executor.initContainers[*]", container},
                                                 {"spec.template.executor.sidecars[*]", container}}};
constexpr places<3> spark_connect{{{"spec.image", image}, {"spec.server.template"}, {"spec.executor.template"}}};

constexpr places<1> sandbox{{{"spec.podTemplate"}}};

// Not in it, though its project's other kinds are:
//   argoproj.io Experiment, AnalysisRun: the Rollouts controller compares those it made with the wanted ones, and makes
//     another one where they differ (utils/experiment, utils/analysis: IsSemanticallyEqual). Their Jobs and Pods are
//     pinned.
//   serving.kserve.io: the controller rewrites the tag of a runtime's image by runtimeVersion, and by the hardware
//     (pkg/controller/v1beta1/inferenceservice/utils, UpdateImageTag); a digest would take that from it. The
//     Deployments and Knative Services that it makes are pinned.
//   apps.kruise.io ImagePullJob: NodeImage, which it is copied to, is a list of tags.
constexpr known_kind table[] = {
    // An image of a Pod's container can be changed, and a change restarts it: rule 5.
    {"", "Pod", "pods", in_spec, changeable, scope::namespaced, "ephemeralcontainers"},
    {"apps", "ReplicaSet", "replicasets", in_spec_template},
    {"apps", "Deployment", "deployments", in_spec_template},
    {"apps", "StatefulSet", "statefulsets", in_spec_template},
    {"apps", "DaemonSet", "daemonsets", in_spec_template},
    // kubernetes, pkg/apis/batch/validation/validation.go, validatePodTemplateUpdate: of a suspended Job only the
    // fields that schedule its Pods (and since 1.35 their resources) can change in the template.
    {"batch", "Job", "jobs", in_spec_template, immutable},
    {"batch", "CronJob", "cronjobs", cron_job},
    {"", "ReplicationController", "replicationcontrollers", in_spec_template},
    {"", "PodTemplate", "podtemplates", top_template},

    {"argoproj.io", "Rollout", "rollouts", in_spec_template},
    // The Workflow's controller takes changes (workflow/validate has no rule on updates).
    {"argoproj.io", "Workflow", "workflows", workflow},
    {"argoproj.io", "WorkflowTemplate", "workflowtemplates", workflow},
    {"argoproj.io", "ClusterWorkflowTemplate", "clusterworkflowtemplates", workflow, changeable, scope::cluster},
    {"argoproj.io", "CronWorkflow", "cronworkflows", cron_workflow},
    {"argoproj.io", "AnalysisTemplate", "analysistemplates", analysis},
    {"argoproj.io", "ClusterAnalysisTemplate", "clusteranalysistemplates", analysis, changeable, scope::cluster},

    {"tekton.dev", "Task", "tasks", task},
    {"tekton.dev", "ClusterTask", "clustertasks", task, changeable, scope::cluster},
    {"tekton.dev", "StepAction", "stepactions", step_action},
    // tektoncd/pipeline, pkg/apis/pipeline/v1/taskrun_validation.go and pipelinerun_validation.go, ValidateUpdate: the
    // status alone.
    {"tekton.dev", "TaskRun", "taskruns", task_run, immutable},
    {"tekton.dev", "Pipeline", "pipelines", pipeline},
    {"tekton.dev", "PipelineRun", "pipelineruns", pipeline_run, immutable},

    // knative/serving, pkg/apis/serving/v1/revision_validation.go, VerifyNameChange: "changes without a name change".
    {"serving.knative.dev", "Service", "services", in_spec_template, immutable_by_name},
    {"serving.knative.dev", "Configuration", "configurations", in_spec_template, immutable_by_name},
    // A Revision's spec is a pod spec with a few fields more. The same file: "Immutable fields changed".
    {"serving.knative.dev", "Revision", "revisions", in_spec, immutable},

    {"keda.sh", "ScaledJob", "scaledjobs", scaled_job},
    // kubernetes-sigs/jobset, pkg/webhooks/jobset_webhook.go, ValidateUpdate: while it is suspended the fields that
    // schedule its Pods, nothing else of replicatedJobs.
    {"jobset.x-k8s.io", "JobSet", "jobsets", job_set, immutable},
    // kubernetes-sigs/lws, pkg/webhooks/leaderworkerset_webhook.go: of the templates nothing is fixed.
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", "leaderworkersets", leader_worker_set},

    // kubeflow/trainer (release-1.9), pkg/webhooks: no rule on updates of templates.
    {"kubeflow.org", "TFJob", "tfjobs", tf_job},
    {"kubeflow.org", "PyTorchJob", "pytorchjobs", pytorch_job},
    {"kubeflow.org", "MPIJob", "mpijobs", mpi_job},
    {"kubeflow.org", "XGBoostJob", "xgboostjobs", xgboost_job},
    {"kubeflow.org", "PaddleJob", "paddlejobs", paddle_job},
    {"kubeflow.org", "MXJob", "mxjobs", mx_job},
    {"kubeflow.org", "JAXJob", "jaxjobs", jax_job},
    // kubeflow/trainer, pkg/apis/trainer/v1alpha1/trainjob_types.go: spec.trainer, "field is immutable".
    {"trainer.kubeflow.org", "TrainJob", "trainjobs", train_job, immutable},
    {"trainer.kubeflow.org", "TrainingRuntime", "trainingruntimes", training_runtime},
    {"trainer.kubeflow.org", "ClusterTrainingRuntime", "clustertrainingruntimes", training_runtime, changeable,
     scope::cluster},

    // ray-project/kuberay, ray-operator/apis/ray/v1: of the templates nothing is fixed.
    {"ray.io", "RayCluster", "rayclusters", ray_cluster},
    {"ray.io", "RayJob", "rayjobs", ray_job},
    {"ray.io", "RayCronJob", "raycronjobs", ray_cron_job},
    {"ray.io", "RayService", "rayservices", ray_service},

    {"apps.kruise.io", "CloneSet", "clonesets", in_spec_template},
    {"apps.kruise.io", "StatefulSet", "statefulsets", in_spec_template},
    {"apps.kruise.io", "DaemonSet", "daemonsets", in_spec_template},
    {"apps.kruise.io", "BroadcastJob", "broadcastjobs", in_spec_template},
    {"apps.kruise.io", "SidecarSet", "sidecarsets", in_spec, changeable, scope::cluster},
    // openkruise/kruise, pkg/webhook/advancedcronjob/validating, validateAdvancedCronJobUpdate: the templates of Jobs
    // are not among the fields that can change.
    {"apps.kruise.io", "AdvancedCronJob", "advancedcronjobs", advanced_cron_job, immutable},
    {"apps.kruise.io", "UnitedDeployment", "uniteddeployments", united_deployment},

    {"apps.openshift.io", "DeploymentConfig", "deploymentconfigs", in_spec_template},
    // volcano-sh/volcano, pkg/webhooks/admission/jobs/validate/admit_job.go, validateJobUpdate: numbers of replicas and
    // the priority alone.
    {"batch.volcano.sh", "Job", "jobs", volcano_job, immutable},
    {"batch.volcano.sh", "CronJob", "cronjobs", volcano_cron_job},
    {"flow.volcano.sh", "JobTemplate", "jobtemplates", volcano_job},

    // kubeflow/spark-operator, api/v1beta2 and api/v1alpha1.
    {"sparkoperator.k8s.io", "SparkApplication", "sparkapplications", spark_application},
    {"sparkoperator.k8s.io", "ScheduledSparkApplication", "scheduledsparkapplications", scheduled_spark_application},
    {"sparkoperator.k8s.io", "SparkConnect", "sparkconnects", spark_connect},

    // kubernetes-sigs/agent-sandbox, api and extensions/api.
    {"agents.x-k8s.io", "Sandbox", "sandboxes", sandbox},
    {"extensions.agents.x-k8s.io", "SandboxTemplate", "sandboxtemplates", sandbox},
};

}  // namespace

std::string_view to_string(holding h) noexcept { return holding_names[static_cast<std::size_t>(h)]; }

std::string_view to_string(images i) noexcept { return images_names[static_cast<std::size_t>(i)]; }

std::span<const known_kind> known_kinds() noexcept { return table; }

}  // namespace pinhook::pin
