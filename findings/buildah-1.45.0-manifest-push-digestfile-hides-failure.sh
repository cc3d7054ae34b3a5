#!/usr/bin/env bash
# buildah v1.45.0 and Debian 12's 1.28.2 (cmd/buildah/manifest.go, manifestPush).
# https://github.com/containers/buildah/blob/v1.45.0/cmd/buildah/manifest.go
#
# Surprise: `buildah manifest push --digestfile FILE` exits with 0 and prints no error when the push fails. The error of the push is
# overwritten by that of writing FILE, which succeeds and leaves FILE empty. A pipeline goes on with an image that no registry has,
# or with "name@". Without --digestfile the same push exits with 125. `buildah push --digestfile` of a single image is right.
#
# So manifests/README.md takes the digest from the registry instead, by `pinhook resolve`.
#
# The script builds buildah from the module proxy, BUILDAH names another one (Debian's, for example). It ends with 1 when what it
# sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
if [ -z "${BUILDAH:-}" ]; then
  command -v go >/dev/null || { echo "this needs Go 1.25.9 or newer" >&2; exit 2; }
  BUILDAH=$work/buildah.bin
  source=$(go mod download -json github.com/containers/buildah@v1.45.0 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  (cd "$source" && CGO_ENABLED=0 go build -mod=readonly \
    -tags 'containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_overlay' -o "$BUILDAH" ./cmd/buildah)
fi
buildah() { "$BUILDAH" --root "$work/graph" --runroot "$work/run" --storage-driver vfs "$@"; }
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >policy.json

buildah manifest create list >/dev/null
# Nothing listens on port 9 of loopback.
push() { buildah manifest push --signature-policy "$work/policy.json" "$@" list docker://127.0.0.1:9/a/b:1 2>errors && status=0 || status=$?; }
push
without=$status
push --digestfile "$work/digest"
echo "exit code without --digestfile: $without, with it: $status; the file has $(stat -c %s digest) bytes; errors: $(wc -l <errors)"
[ "$without" != 0 ] && [ $status = 0 ] && [ ! -s digest ]
