#!/usr/bin/env bash
# kustomize v5.8.2 (sigs.k8s.io/kustomize/api v0.21.2), the field images[].tagSuffix.
# https://github.com/kubernetes-sigs/kustomize/issues/4814 (where the field was asked for)
#
# Surprise: the suffix is appended twice: nginx:1 with tagSuffix -x becomes nginx:1-x-x, an image that nobody named. The
# transformer (api/internal/builtins/ImageTagTransformer.go) runs two filters over each object, one by the name of the list
# (containers) and one by known paths; for newTag and digest the second changes nothing, a suffix it adds again. Beside newTag, where
# one would want it (newTag from the release, the suffix from the overlay), the suffix is dropped without a word.
#
# The script builds kustomize from the module proxy in a temporary folder. It ends with 1 when what it sees is no longer this.
set -euo pipefail
command -v go >/dev/null || { echo "this needs Go 1.24 or newer" >&2; exit 2; }
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
GOBIN=$work/bin GOPATH=$work/go go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2

cat >pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: "nginx:1"}]
Y
cat >deployment.yaml <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  template:
    spec:
      containers: [{name: a, image: "nginx:1"}]
Y
cat >custom.yaml <<'Y'
apiVersion: example.org/v1
kind: Tool
metadata: {name: t}
spec:
  containers: [{name: a, image: "nginx:1"}]
Y
expect() {  # FILE ENTRY OUTPUT
  local seen
  printf 'resources: [%s]\nimages: [%s]\n' "$1" "$2" >kustomization.yaml
  seen=$(bin/kustomize build . | grep -o 'image: .*')
  echo "  $1, $2  →  $seen"
  [ "$seen" = "$3" ] || { echo "expected: $3"; exit 1; }
}
bin/kustomize version
expect pod.yaml        '{name: nginx, tagSuffix: "-x"}'                'image: nginx:1-x-x'
expect deployment.yaml '{name: nginx, tagSuffix: "-x"}'                'image: nginx:1-x-x'
expect custom.yaml     '{name: nginx, tagSuffix: "-x"}'                'image: nginx:1-x-x'
expect pod.yaml        '{name: nginx, newTag: "2", tagSuffix: "-x"}'   'image: nginx:2'
echo "as described"
