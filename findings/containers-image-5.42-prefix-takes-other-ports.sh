#!/usr/bin/env bash
# go.podman.io/image v5.42.1, the library of podman, skopeo, buildah and CRI-O (pkg/sysregistriesv2, refMatchingPrefix and
# rewriteReference); Debian 12's podman 4.3.1 does the same.
# https://github.com/containers/container-libs/tree/image/v5.42.1/image/pkg/sysregistriesv2
#
# Surprise: in registries.conf an entry without a port, such as location = "reg.test", also takes images of the same host on every
# other port: the ":" behind it counts as the begin of a tag. Where the entry has a mirror, the port becomes part of the rewritten
# name ("mirror.test/hub:5000/a:1"), which is no reference, so the pull fails with "invalid reference format" before any registry is
# asked. An entry for reg.test breaks reg.test:5000 on that node, and the message names neither entry nor file. A second entry for
# "reg.test:5000" mends it, for the longer prefix wins.
#
# pinhook reads these files for `mirrors.registries_conf` and `explain --node-config`: a name that a node cannot rewrite is an error
# there that names the file and what it becomes.
#
# The script builds the library from the module proxy. It ends with 1 when what it sees is no longer this.
set -euo pipefail
command -v go >/dev/null || { echo "this needs Go 1.25 or newer" >&2; exit 2; }
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"
)

func main() {
	files := &types.SystemContext{SystemRegistriesConfPath: os.Args[1], SystemRegistriesConfDirPath: "/nonexistent"}
	for _, name := range os.Args[2:] {
		ref, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			panic(err)
		}
		entry, err := sysregistriesv2.FindRegistry(files, name)
		if err != nil || entry == nil {
			fmt.Println(name, "no entry", err)
			continue
		}
		places, err := entry.PullSourcesFromReference(ref)
		if err != nil {
			fmt.Println(name, "entry", entry.Prefix, "error:", err)
			continue
		}
		fmt.Println(name, "entry", entry.Prefix, "first asked:", places[0].Reference)
	}
}
GO
printf 'module finding\n\ngo 1.25.0\n\nrequire go.podman.io/image/v5 v5.42.1\n' >go.mod
go mod tidy >/dev/null 2>&1
go build -tags containers_image_openpgp -o show .

cat >one.conf <<'CONF'
[[registry]]
location = "reg.test"
[[registry.mirror]]
location = "mirror.test/hub"
CONF
cat >two.conf <<'CONF'
[[registry]]
location = "reg.test"
[[registry.mirror]]
location = "mirror.test/hub"
[[registry]]
location = "reg.test:5000"
CONF
{ ./show one.conf reg.test/a:1 reg.test:5000/a:1; ./show two.conf reg.test:5000/a:1; } | tee seen
diff - seen <<'WANTED'
reg.test/a:1 entry reg.test first asked: mirror.test/hub/a:1
reg.test:5000/a:1 entry reg.test error: rewriting reference: invalid reference format
reg.test:5000/a:1 entry reg.test:5000 first asked: reg.test:5000/a:1
WANTED
