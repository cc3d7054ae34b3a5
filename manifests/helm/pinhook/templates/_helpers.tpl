{{/* The name of every object: the release's name, followed by the chart's unless it already holds that. */}}
{{- define "pinhook.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pinhook.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/component: webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels of the Pods. The chart's version is not among them: a new one alone must not restart them. */}}
{{- define "pinhook.podLabels" -}}
{{ include "pinhook.selector" . }}
app.kubernetes.io/part-of: pinhook
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "pinhook.labels" -}}
{{ include "pinhook.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "pinhook.serviceAccountName" -}}
{{- default (ternary (include "pinhook.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{/* pinhook's own image. A tag could move, so an image without a digest is refused. */}}
{{- define "pinhook.image" -}}
{{- $image := .Values.image -}}
{{- if not $image -}}
{{- fail "image: name pinhook's own image by its digest, as in --set image=NAME@sha256:…; manifests/README.md has the commands under \"An image of your own\"" -}}
{{- else if not (regexMatch "@sha256:[0-9a-f]{64}$" $image) -}}
{{- fail (printf "image: %q has no digest: pinhook is installed by digest alone; write NAME@sha256:… with the 64 hexadecimal digits that the push printed" $image) -}}
{{- end -}}
{{- $image -}}
{{- end -}}

{{/* The Secret of the serving certificate. Values that belong to another mode of certificates are refused. */}}
{{- define "pinhook.certificateSecret" -}}
{{- $mode := .Values.certificate.mode -}}
{{- if and (eq $mode "existing-secret") (not .Values.certificate.secretName) -}}
{{- fail "certificate.secretName: must name the Secret in the mode existing-secret" -}}
{{- else if and (ne $mode "existing-secret") .Values.certificate.caBundle -}}
{{- fail (printf "certificate.caBundle: only for the mode existing-secret, not %s" $mode) -}}
{{- else if and (ne $mode "cert-manager") .Values.certificate.certManager.issuerRef -}}
{{- fail (printf "certificate.certManager: only for the mode cert-manager, not %s" $mode) -}}
{{- end -}}
{{- default (printf "%s-serving-certificate" (include "pinhook.fullname" .)) .Values.certificate.secretName -}}
{{- end -}}

{{/* The ConfigMap of the trust roots. */}}
{{- define "pinhook.trustConfigMap" -}}
{{- default (printf "%s-trust" (include "pinhook.fullname" .)) .Values.trustUpdate.configMap -}}
{{- end -}}

{{/* The labels of the update of trust roots, whose Pods must not be taken for Pods of the webhook. */}}
{{- define "pinhook.trustSelector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/component: trust-update
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pinhook.trustPodLabels" -}}
{{ include "pinhook.trustSelector" . }}
app.kubernetes.io/part-of: pinhook
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* The ConfigMap that a scheduled report writes. */}}
{{- define "pinhook.reportedMoves" -}}
{{- required "moves.report: it writes the ConfigMap that moves.configMap names: set that, too, e.g. image-moves" .Values.moves.configMap -}}
{{- end -}}

{{/* The ConfigMap of moved tags that the console writes. */}}
{{- define "pinhook.consoleMoves" -}}
{{- if .Values.moves.report.enabled -}}
{{- fail "console.moves: moves.report writes the same ConfigMap; enable one of the two" -}}
{{- end -}}
{{- if not .Values.console.storage.enabled -}}
{{- fail "console.moves: since when each digest is known is on the volume; set console.storage.enabled, too" -}}
{{- end -}}
{{- required "console.moves: it writes the ConfigMap that moves.configMap names: set that, too, e.g. image-moves" .Values.moves.configMap -}}
{{- end -}}

{{/* The labels of the scheduled report, whose Pods must not be taken for Pods of the webhook. */}}
{{- define "pinhook.reportSelector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/component: report
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pinhook.reportPodLabels" -}}
{{ include "pinhook.reportSelector" . }}
app.kubernetes.io/part-of: pinhook
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "pinhook.consoleName" -}}
{{- printf "%s-console" (include "pinhook.fullname" .) -}}
{{- end -}}

{{/* The labels of the console, whose Pods must not be taken for Pods of the webhook. */}}
{{- define "pinhook.consoleSelector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/component: console
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pinhook.consolePodLabels" -}}
{{ include "pinhook.consoleSelector" . }}
app.kubernetes.io/part-of: pinhook
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "pinhook.consoleLabels" -}}
{{ include "pinhook.consolePodLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "pinhook.consolePort" -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" .Values.console.listen -}}
{{- fail (printf "console.listen: neither Service nor probes reach %q in a Pod; name its port at another address, as in 0.0.0.0:8443" .Values.console.listen) -}}
{{- end -}}
{{- include "pinhook.portOf" (list .Values.console.listen "8443") -}}
{{- end -}}

{{/* The port of an "address:port", e.g. (list .Values.config.listen "8443"). */}}
{{- define "pinhook.portOf" -}}
{{- $address := default (printf ":%s" (index . 1)) (index . 0) -}}
{{- $port := regexFind "[0-9]+$" $address -}}
{{- if or (not $port) (eq (int $port) 0) -}}
{{- fail (printf "config: the chart needs a port in %q, as in \"0.0.0.0:%s\"" $address (index . 1)) -}}
{{- end -}}
{{- $port -}}
{{- end -}}

{{- define "pinhook.webhookPort" -}}
{{- include "pinhook.portOf" (list .Values.config.listen "8443") -}}
{{- end -}}

{{- define "pinhook.metricsPort" -}}
{{- include "pinhook.portOf" (list (dig "admin" "listen" "" .Values.config) "9090") -}}
{{- end -}}

{{/* The text of pinhook.yaml: the value `config`, and the settings that follow from other values. */}}
{{- define "pinhook.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $tls := default dict $config.tls -}}
{{- range list "secret" "webhook_configuration" "service" "cert_file" "key_file" -}}
{{- if hasKey $tls . -}}
{{- fail (printf "config.tls.%s: the chart sets it; use certificate.mode and certificate.secretName" .) -}}
{{- end -}}
{{- end -}}
{{- $secrets := default dict $config.pull_secrets -}}
{{- range list "mode" "namespaces" -}}
{{- if hasKey $secrets . -}}
{{- fail (printf "config.pull_secrets.%s: the chart sets it; use rbac.pullSecrets" .) -}}
{{- end -}}
{{- end -}}
{{- if hasKey (default dict $config.mirrors) "openshift" -}}
{{- fail "config.mirrors.openshift: the chart sets it; use openshift.mirrors, which grants the rights, too" -}}
{{- end -}}
{{- if and .Values.lock.configMap (hasKey (default dict $config.lock) "file") -}}
{{- fail "config.lock.file: the chart sets it for lock.configMap; use one of the two" -}}
{{- end -}}
{{- if and .Values.moves.configMap (hasKey (default dict $config.moves) "file") -}}
{{- fail "config.moves.file: the chart sets it for moves.configMap; use one of the two" -}}
{{- end -}}
{{- if .Values.callers.configMap -}}
{{- range list "client_ca" "names" -}}
{{- if hasKey (default dict $config.callers) . -}}
{{- fail (printf "config.callers.%s: the chart sets it for callers.configMap; use one of the two" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if kindIs "slice" .Values.rbac.pullSecrets -}}
{{- $_ := set $config "pull_secrets" (merge (dict "namespaces" .Values.rbac.pullSecrets) $secrets) -}}
{{- end -}}
{{- if $config -}}
{{- toYaml $config -}}
{{- end -}}
{{- end -}}

{{/* The container's environment variables: they name those objects whose names differ from pinhook's defaults. */}}
{{- define "pinhook.env" -}}
{{- $name := include "pinhook.fullname" . -}}
- name: PINHOOK_CONFIG
  value: /etc/pinhook/pinhook.yaml
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- if ne .Values.certificate.mode "self-managed" }}
- name: PINHOOK_TLS_CERT_FILE
  value: /etc/pinhook/tls/tls.crt
- name: PINHOOK_TLS_KEY_FILE
  value: /etc/pinhook/tls/tls.key
{{- else if ne (include "pinhook.certificateSecret" .) "pinhook-serving-certificate" }}
- name: PINHOOK_TLS_SECRET
  value: {{ include "pinhook.certificateSecret" . }}
{{- end }}
{{- if ne $name "pinhook" }}
- name: PINHOOK_TLS_WEBHOOK_CONFIGURATION
  value: {{ $name }}
- name: PINHOOK_TLS_SERVICE
  value: {{ $name }}
{{- end }}
{{- if .Values.openshift.mirrors }}
- name: PINHOOK_MIRRORS_OPENSHIFT
  value: "true"
{{- end }}
{{- if .Values.lock.configMap }}
- name: PINHOOK_LOCK_FILE
  value: /etc/pinhook/lock/pinhook.lock
{{- end }}
{{- if .Values.moves.configMap }}
- name: PINHOOK_MOVES_FILE
  value: /etc/pinhook/moves/moves.yaml
{{- end }}
{{- if .Values.callers.configMap }}
- name: PINHOOK_CALLERS_CLIENT_CA
  value: /etc/pinhook/callers/ca.crt
- name: PINHOOK_CALLERS_NAMES
  value: {{ toJson .Values.callers.names | quote }}
{{- end }}
{{- if eq (toString .Values.rbac.pullSecrets) "none" }}
- name: PINHOOK_PULL_SECRETS_MODE
  value: "off"
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* roleRef and subjects of a binding of pinhook's service account: (list . kind-of-role name-of-role). */}}
{{- define "pinhook.binding" -}}
{{- $ := index . 0 -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ index . 1 }}
  name: {{ index . 2 }}
subjects:
  - kind: ServiceAccount
    name: {{ include "pinhook.serviceAccountName" $ }}
    namespace: {{ $.Release.Namespace }}
{{- end -}}
