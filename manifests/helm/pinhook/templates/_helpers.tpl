{{/* The name of every object: the release's, with the chart's when it does not hold it. */}}
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

{{- define "pinhook.labels" -}}
{{ include "pinhook.selector" . }}
app.kubernetes.io/part-of: pinhook
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "pinhook.serviceAccountName" -}}
{{- default (ternary (include "pinhook.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "pinhook.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* The Secret of the serving certificate, whoever keeps it. */}}
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

{{/* pinhook.yaml: the values' config, and what follows from other values. */}}
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
{{- fail (printf "config.pull_secrets.%s: the chart sets it; use rbac.pullSecrets and rbac.pullSecretNamespaces" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.lock.configMap (hasKey (default dict $config.lock) "file") -}}
{{- fail "config.lock.file: the chart sets it for lock.configMap; use one of the two" -}}
{{- end -}}
{{- if eq .Values.rbac.pullSecrets "namespaces" -}}
{{- $_ := set $config "pull_secrets" (merge (dict "namespaces" .Values.rbac.pullSecretNamespaces) $secrets) -}}
{{- end -}}
{{- if $config -}}
{{- toYaml $config -}}
{{- end -}}
{{- end -}}

{{/* The variables of the container: names of objects that are not called as pinhook expects them by itself. */}}
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
{{- if .Values.lock.configMap }}
- name: PINHOOK_LOCK_FILE
  value: /etc/pinhook/lock/pinhook.lock
{{- end }}
{{- if eq .Values.rbac.pullSecrets "none" }}
- name: PINHOOK_PULL_SECRETS_MODE
  value: "off"
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* roleRef and subjects of a binding of pinhook's account: (list . kind-of-role name-of-role). */}}
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
