#!/usr/bin/env bash
# kustomize v5.8.2 (sigs.k8s.io/kustomize/api v0.21.2, internal/image/image.go, IsImageMatched).
# https://github.com/kubernetes-sigs/kustomize/tree/kustomize/v5.8.2/api/internal/image
#
# Surprise: `images[].name` is put into a regular expression as it is, so the dot of nearly every registry's name stands for any
# character. An entry with the digest of gcr.io/acme/app also gives it to gcr-io/acme/app (a pull-through cache that is named after
# its upstream), which then runs bytes of another repository, or finds none: a digest that was right where it was written comes out
# under a name for which nobody looked it up. The documentation calls it the image's name. The same entry written with "\." matches
# the one image, and with "(" none, without a message.
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
  containers:
  - {name: a, image: "gcr.io/acme/app:1"}
  - {name: b, image: "gcr-io/acme/app:1"}
Y
images() {  # NAME: the images of the Pod when an entry of that name has a digest
  cat >kustomization.yaml <<Y
resources: [pod.yaml]
images: [{name: '$1', digest: sha256:$(printf '%064d' 1)}]
Y
  bin/kustomize build . | grep -o 'image: .*' | sed 's/@sha256:.*/@DIGEST/' | tr '\n' ' '
}
expect() {  # NAME OUTPUT
  local seen
  seen=$(images "$1")
  echo "  name: $1  →  $seen"
  [ "$seen" = "$2 " ] || { echo "expected: $2"; exit 1; }
}
bin/kustomize version
expect 'gcr.io/acme/app' 'image: gcr.io/acme/app@DIGEST image: gcr-io/acme/app@DIGEST'
expect 'gcr\.io/acme/app' 'image: gcr.io/acme/app@DIGEST image: gcr-io/acme/app:1'
expect 'gcr.io/acme/(app' 'image: gcr.io/acme/app:1 image: gcr-io/acme/app:1'
echo "as described"
