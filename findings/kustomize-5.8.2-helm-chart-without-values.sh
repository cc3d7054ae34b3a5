#!/usr/bin/env bash
# kustomize v5.8.2 (sigs.k8s.io/kustomize/api v0.21.2, HelmChartInflationGenerator) with helm v3.22.0.
# https://github.com/kubernetes-sigs/kustomize/blob/kustomize/v5.8.2/api/internal/builtins/HelmChartInflationGenerator.go
#
# Surprise: `kustomize build --enable-helm` refuses a local chart that has no values.yaml ("evalsymlink failure … no such file or
# directory") or an empty one ("could not parse values file into rnode: EOF"), although all values stand in valuesInline. For Helm
# that file is optional, and the same chart renders. A values.yaml with `{}` mends it.
#
# So the end-to-end tests that render helmCharts before and after a pin give each chart a values.yaml; pinhook itself reads
# helmCharts with or without one.
#
# The script builds both programs from the module proxy in a temporary folder. It ends with 1 when what it sees is no longer this.
set -euo pipefail
command -v go >/dev/null || { echo "this needs Go 1.25 or newer" >&2; exit 2; }
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
export GOBIN=$work/bin GOPATH=$work/go
go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2
go install helm.sh/helm/v3/cmd/helm@v3.22.0

mkdir -p charts/app/templates
cat >charts/app/Chart.yaml <<'Y'
apiVersion: v2
name: app
version: 1.0.0
Y
cat >charts/app/templates/pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers: [{name: app, image: "nginx:{{ .Values.tag }}"}]
Y
cat >kustomization.yaml <<'Y'
helmGlobals: {chartHome: charts}
helmCharts:
  - name: app
    releaseName: app
    valuesInline: {tag: "1.25"}
Y

# images NAME COMMAND…: the images that a rendering has, or the error.
images() {
  local name=$1
  shift
  printf '%s: %s\n' "$name" "$("$@" 2>&1 | grep -oE 'nginx:[0-9.]+|evalsymlink failure|into rnode: EOF' | head -1)"
}
kustomize() { bin/kustomize build --enable-helm --helm-command "$work/bin/helm" .; }
{
  images "helm, no values.yaml" bin/helm template app charts/app --set-string tag=1.25
  images "kustomize, no values.yaml" kustomize
  : >charts/app/values.yaml
  images "helm, an empty values.yaml" bin/helm template app charts/app --set-string tag=1.25
  images "kustomize, an empty values.yaml" kustomize
  echo '{}' >charts/app/values.yaml
  images "kustomize, values.yaml with {}" kustomize
} | tee seen
diff - seen <<'WANTED'
helm, no values.yaml: nginx:1.25
kustomize, no values.yaml: evalsymlink failure
helm, an empty values.yaml: nginx:1.25
kustomize, an empty values.yaml: into rnode: EOF
kustomize, values.yaml with {}: nginx:1.25
WANTED
