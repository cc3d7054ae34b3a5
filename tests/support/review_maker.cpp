#include "support/review_maker.hpp"

#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <string>

namespace pinhook::testing {
namespace {

struct review_shape : review_options {
  std::size_t containers = 2;
  std::size_t variables = 0;
};

std::string image(std::size_t i, const review_shape& s) {
  const std::string name = fmt::format("{}/shop/service-{}", s.registry, i);
  return s.is_pinned ? name + "@sha256:" + std::string(64, 'a') : fmt::format("{}:1.{}", name, i);
}

std::string variable(std::size_t i) {
  if (i % 5 == 4)
    return fmt::format(
        R"({{"name":"SECRET_{0}","valueFrom":{{"secretKeyRef":{{"name":"shop-secrets","key":"key-{0}"}}}}}})", i);
  return fmt::format(
      R"({{"name":"SETTING_{0}","value":"https://backend-{0}.shop.svc.cluster.local:8443/api/v1?mode=fast"}})", i);
}

std::string container(std::size_t i, const review_shape& s) {
  std::string env;
  for (std::size_t v = 0; v < s.variables; ++v) env += (v == 0 ? "" : ",") + variable(v);
  return fmt::format(
      R"({{"name":"service-{0}","image":"{1}","args":["--listen=:8080","--message=\"hello\"\n"],"ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}}],)"
      R"("env":[{2}],"resources":{{"limits":{{"cpu":"500m","memory":"512Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},)"
      R"("volumeMounts":[{{"name":"config","mountPath":"/etc/shop"}}],"livenessProbe":{{"httpGet":{{"path":"/livez","port":"http","scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}},)"
      R"("terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}})",
      i, image(i, s), env);
}

std::string pod_template(const review_shape& s, bool is_old) {
  std::string containers;
  for (std::size_t i = 0; i < s.containers; ++i) containers += (i == 0 ? "" : ",") + container(i, s);
  return fmt::format(
      R"({{"metadata":{{"creationTimestamp":null,"labels":{{"app":"shop"}},"annotations":{{"kubectl.kubernetes.io/restartedAt":"2026-11-0{0}T10:00:00Z"}}}},)"
      R"("spec":{{"volumes":[{{"name":"config","configMap":{{"name":"shop","defaultMode":420}}}}],"containers":[{1}],)"
      R"("restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{{}},"schedulerName":"default-scheduler"}}}})",
      is_old && s.type == review_type::changed_update ? 1 : 2, containers);
}

// The field managers that server-side apply records.
std::string managed_fields(const review_shape& s) {
  std::string fields;
  for (std::size_t i = 0; i < s.containers; ++i) {
    std::string env;
    for (std::size_t v = 0; v < s.variables; ++v)
      env += fmt::format(R"(,"k:{{\"name\":\"SETTING_{}\"}}":{{".":{{}},"f:name":{{}},"f:value":{{}}}})", v);
    fields += fmt::format(
        R"({}"k:{{\"name\":\"service-{}\"}}":{{".":{{}},"f:env":{{".":{{}}{}}},"f:image":{{}},"f:name":{{}},"f:resources":{{".":{{}},"f:limits":{{".":{{}},"f:cpu":{{}}}}}}}})",
        i == 0 ? "" : ",", i, env);
  }
  return fmt::format(
      R"([{{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"apps/v1","time":"2026-11-01T10:00:00Z","fieldsType":"FieldsV1",)"
      R"("fieldsV1":{{"f:spec":{{"f:replicas":{{}},"f:template":{{"f:spec":{{"f:containers":{{{}}}}}}}}}}}}}])",
      fields);
}

std::string object(const review_shape& s, bool is_old) {
  const std::string spec = fmt::format(
      R"({{"replicas":{},"selector":{{"matchLabels":{{"app":"shop"}}}},"template":{},"strategy":{{"type":)"
      R"("RollingUpdate","rollingUpdate":{{"maxUnavailable":"25%","maxSurge":"25%"}}}},"revisionHistoryLimit":10}})",
      is_old ? 2 : 3, pod_template(s, is_old));
  std::string applied;
  json::append_string(
      applied,
      fmt::format(R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"shop"}},"spec":{}}})", spec));
  return fmt::format(
      R"({{"kind":"Deployment","apiVersion":"apps/v1","metadata":{{"name":"shop","namespace":"shop","uid":"0a6f9c04-5d5c-4c43-8a4c-9e7d6f0a1b2c","resourceVersion":"1234567","generation":4,)"
      R"("creationTimestamp":"2026-11-01T10:00:00Z","labels":{{"app":"shop","team":"checkout"}},"annotations":{{"deployment.kubernetes.io/revision":"4","kubectl.kubernetes.io/last-applied-configuration":{}}},"managedFields":{}}},)"
      R"("spec":{},"status":{{"observedGeneration":4,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2,"conditions":[{{"type":"Available","status":"True","reason":"MinimumReplicasAvailable","message":"Deployment has minimum availability."}}]}}}})",
      applied, managed_fields(s), spec);
}

std::string review(const review_shape& s) {
  const bool is_create = s.type == review_type::create;
  return fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","kind":{{"group":"apps","version":"v1","kind":"Deployment"}},)"
      R"("resource":{{"group":"apps","version":"v1","resource":"deployments"}},"requestKind":{{"group":"apps","version":"v1","kind":"Deployment"}},"requestResource":{{"group":"apps","version":"v1","resource":"deployments"}},)"
      R"("name":"shop","namespace":"shop","operation":"{}","userInfo":{{"username":"system:serviceaccount:argocd:argocd-application-controller","uid":"d9e6c1ad","groups":["system:serviceaccounts","system:authenticated"]}},)"
      R"("object":{},"oldObject":{},"dryRun":false,"options":{{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1","fieldManager":"kubectl-client-side-apply"}}}}}})",
      is_create ? "CREATE" : "UPDATE", object(s, false), is_create ? "null" : object(s, true));
}

}  // namespace

std::string make_review(const review_options& options) {
  review_shape s{options, 2, 0};
  for (;;) {
    std::string made = review(s);
    if (made.size() >= options.bytes) return made;
    // Far from the target: big steps; near it: one variable more.
    const std::size_t missing = options.bytes - made.size();
    const std::size_t step = missing / (1500 * s.containers);
    s.variables += step > 0 ? step : 1;
    if (s.variables > 100) {
      s.variables = 50;
      s.containers += 1 + s.containers / 2;
    }
  }
}

}  // namespace pinhook::testing
