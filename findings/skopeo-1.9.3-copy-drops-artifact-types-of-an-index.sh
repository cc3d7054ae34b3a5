#!/usr/bin/env bash
# skopeo 1.9.3 (Debian 12).
# https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md
#
# Surprise: `skopeo copy --all` of an OCI index writes the same bytes under the same digest, spaces of its JSON included, unless a
# descriptor in it has an `artifactType`, as those of a list of referrers (tag sha256-…) and of attached SBOMs and provenance have.
# Such an index is written anew from what skopeo knows: `artifactType` is gone, the digest is another, and the exit code is 0.
# Who copies images with their attachments between registries by it loses what the attachments are, and every pin
# or signature of the index. With --preserve-digests the copy is refused, for a reason that names no field: the list
# "must be converted" to the type that it has.
#
# The script unpacks Debian's packages in a temporary folder and copies two indexes between folders, without a registry. It ends
# with 1 when what it sees is no longer this. On Debian 12.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get download -qq skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1 2>/dev/null
for package in *.deb; do dpkg -x "$package" tool; done
export LD_LIBRARY_PATH=$work/tool/usr/lib/x86_64-linux-gnu:$work/tool/lib/x86_64-linux-gnu
skopeo() { tool/usr/bin/skopeo --insecure-policy "$@"; }
skopeo --version

python3 - <<'P'
import hashlib
import json
import os

os.makedirs("from/blobs/sha256")


def put(content):
    digest = hashlib.sha256(content).hexdigest()
    with open("from/blobs/sha256/" + digest, "wb") as out:
        out.write(content)
    return {"digest": "sha256:" + digest, "size": len(content)}


oci = "application/vnd.oci.image."
manifest = {"mediaType": oci + "manifest.v1+json", **put(json.dumps({
    "schemaVersion": 2, "mediaType": oci + "manifest.v1+json", "artifactType": "application/spdx+json",
    "config": {"mediaType": "application/vnd.oci.empty.v1+json", **put(b"{}")},
    "layers": [{"mediaType": "application/spdx+json", **put(b"a document")}]}).encode())}
listed = []
for name, descriptor in (("without", manifest), ("with", {**manifest, "artifactType": "application/spdx+json"})):
    index = put(json.dumps({"schemaVersion": 2, "mediaType": oci + "index.v1+json", "manifests": [descriptor]}).encode())
    listed.append({"mediaType": oci + "index.v1+json", **index,
                   "annotations": {"org.opencontainers.image.ref.name": name}})
with open("from/index.json", "w") as out:
    json.dump({"schemaVersion": 2, "manifests": listed}, out)
with open("from/oci-layout", "w") as out:
    out.write('{"imageLayoutVersion": "1.0.0"}')
P

raw() { skopeo inspect --raw "oci:$1"; }
for name in without with; do
  skopeo copy -q --all "oci:from:$name" "oci:to:$name"
  before=$(raw "from:$name" | sha256sum | cut -c1-12) after=$(raw "to:$name" | sha256sum | cut -c1-12)
  echo "index $name artifactType in a descriptor: $before → $after, artifactType after: $(raw "to:$name" | grep -c artifactType || true)"
  case $name in
    without) [ "$before" = "$after" ] || exit 1 ;;
    with) [ "$before" != "$after" ] && ! raw "to:$name" | grep -q artifactType || exit 1 ;;
  esac
done
skopeo copy -q --all --preserve-digests oci:from:without oci:kept:without
if skopeo copy -q --all --preserve-digests oci:from:with oci:kept:with 2>refusal; then exit 1; fi
grep -o 'Manifest list must be converted.*' refusal
