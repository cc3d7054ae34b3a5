{{/*
The objects that are sent to pinhook; `pinhook explain --kinds` lists the same. apiVersions is "*" for custom resources,
because none of them has moved its pod template between versions.
*/}}
{{- define "pinhook.rules" -}}
{{- $kinds := list
  (list ""                      "v1" "pods" "pods/ephemeralcontainers" "podtemplates" "replicationcontrollers")
  (list "apps"                  "v1" "deployments" "replicasets" "statefulsets" "daemonsets")
  (list "batch"                 "v1" "jobs" "cronjobs")
  (list "argoproj.io"           "*"  "rollouts" "workflows" "workflowtemplates" "cronworkflows" "analysistemplates")
  (list "tekton.dev"            "*"  "tasks" "stepactions" "taskruns" "pipelines" "pipelineruns")
  (list "serving.knative.dev"   "*"  "services" "configurations" "revisions")
  (list "keda.sh"               "*"  "scaledjobs")
  (list "jobset.x-k8s.io"       "*"  "jobsets")
  (list "leaderworkerset.x-k8s.io" "*" "leaderworkersets")
  (list "kubeflow.org"          "*"  "tfjobs" "pytorchjobs" "mpijobs" "xgboostjobs" "paddlejobs" "mxjobs" "jaxjobs")
  (list "trainer.kubeflow.org"  "*"  "trainjobs" "trainingruntimes")
  (list "ray.io"                "*"  "rayclusters" "rayjobs" "raycronjobs" "rayservices")
  (list "apps.kruise.io"        "*"  "clonesets" "statefulsets" "daemonsets" "broadcastjobs" "advancedcronjobs" "uniteddeployments")
  (list "apps.openshift.io"     "*"  "deploymentconfigs")
  (list "batch.volcano.sh"      "*"  "jobs" "cronjobs")
  (list "flow.volcano.sh"       "*"  "jobtemplates")
  (list "sparkoperator.k8s.io"  "*"  "sparkapplications" "scheduledsparkapplications" "sparkconnects")
  (list "agents.x-k8s.io"       "*"  "sandboxes")
  (list "extensions.agents.x-k8s.io" "*" "sandboxtemplates")
-}}
{{- range $kinds }}
- apiGroups: [{{ index . 0 | quote }}]
  apiVersions: [{{ index . 1 | quote }}]
  operations: [CREATE, UPDATE]
  scope: Namespaced
  resources: {{ slice . 2 | toJson }}
{{- end }}
{{- range .Values.webhook.extraRules }}
- apiGroups: {{ toJson .apiGroups }}
  apiVersions: {{ toJson .apiVersions }}
  operations: [CREATE, UPDATE]
  scope: Namespaced
  resources: {{ toJson .resources }}
{{- end }}
{{- end -}}

{{/*
Objects that pinhook would certainly leave as they are are not sent: they cost no time, and do not need pinhook to be
available. An object is sent when all conditions are true.
nothing-that-is-being-deleted: finalizers can always be removed from an object that is being deleted.
no-replica-set-of-a-controller: their template must equal their controller's, or the controller makes new ones for ever. Their Pods
are pinned instead.
no-pod-without-anything-to-pin: a Pod is sent for an image without a digest (if it exists already: only when its spec
changes), or because a refresh of its pins is asked for.
no-pod-that-stays-as-it-is (webhook.pinnedPods): Pods by digest are sent, too, so that rules apply to them.
*/}}
{{- define "pinhook.matchConditions" -}}
- name: nothing-that-is-being-deleted
  expression: >-
    object != null && (request.operation != 'UPDATE' || !has(oldObject.metadata.deletionTimestamp))
- name: no-replica-set-of-a-controller
  expression: >-
    !(request.resource.resource in ['replicasets', 'replicationcontrollers'])
    || !object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false))
{{- if .Values.webhook.pinnedPods }}
- name: no-pod-that-stays-as-it-is
  expression: >-
    request.resource.resource != 'pods'
    || request.operation == 'CREATE' || object.spec != oldObject.spec
    || object.metadata.?annotations[?'pinhook.dev/refresh'] != oldObject.metadata.?annotations[?'pinhook.dev/refresh']
{{- else }}
- name: no-pod-without-anything-to-pin
  expression: >-
    request.resource.resource != 'pods'
    || request.operation == 'UPDATE'
    && object.metadata.?annotations[?'pinhook.dev/refresh'] != oldObject.metadata.?annotations[?'pinhook.dev/refresh']
    || (request.operation == 'CREATE' || object.spec != oldObject.spec)
    && (((object.spec.?containers.orValue(null) != null ? object.spec.containers : [])
    + object.spec.?initContainers.orValue([])
    + object.spec.?ephemeralContainers.orValue([])
    ).exists(c, has(c.image) && !c.image.matches('@sha256:[0-9a-f]{64}$'))
    || object.spec.?volumes.orValue([]).exists(v,
    v.?image.?reference.hasValue() && !v.image.reference.matches('@sha256:[0-9a-f]{64}$')))
{{- end }}
{{- end -}}
