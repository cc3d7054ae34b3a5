#!/usr/bin/env bash
# gopkg.in/evanphx/json-patch.v4 v4.13.0, the library by which kube-apiserver and kubectl apply JSON patches (go.mod of
# k8s.io/kubernetes v1.37.2: `gopkg.in/evanphx/json-patch.v4 v4.13.0`); patch.go, Patch.replace and Patch.copy.
# https://github.com/evanphx/json-patch/tree/v4.13.0
#
# Surprise: `replace` of a member that is not there succeeds and adds it, where RFC 6902 §4.3 says that the target must exist. So
# in `kubectl patch --type=json` and in the answer of a mutating webhook it is no guard: a key with a typo
# below annotations, labels or data is made, and nothing fails. `copy` from a member that is not there writes null. Beside these
# the library is strict: a missing parent, an array's index, `remove` and `move` do fail, which is what makes one trust it. v5 of
# the same library refuses both; Kubernetes has stayed with v4.
#
# The script builds one Go program against both, from the module proxy, in a temporary folder. It ends with 1 when what it sees is
# no longer this.
set -euo pipefail
command -v go >/dev/null || { echo "this needs Go 1.24 or newer" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'MOD'
module finding
go 1.24
require (
	github.com/evanphx/json-patch/v5 v5.9.11
	gopkg.in/evanphx/json-patch.v4 v4.13.0
)
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"

	v5 "github.com/evanphx/json-patch/v5"
	v4 "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	object := []byte(`{"data":{"a":"b"},"list":["x"]}`)
	show := func(version string, out []byte, err error) {
		if err != nil {
			fmt.Println("  "+version, "refused")
		} else {
			fmt.Println("  "+version, string(out))
		}
	}
	for _, operation := range []string{
		`{"op":"replace","path":"/data/absent","value":"x"}`,
		`{"op":"copy","from":"/data/absent","path":"/data/c"}`,
		`{"op":"replace","path":"/absent/a","value":"x"}`,
		`{"op":"replace","path":"/list/1","value":"x"}`,
		`{"op":"remove","path":"/data/absent"}`,
		`{"op":"move","from":"/data/absent","path":"/data/c"}`,
	} {
		fmt.Println(operation)
		p4, _ := v4.DecodePatch([]byte("[" + operation + "]"))
		out, err := p4.Apply(object)
		show("v4.13.0", out, err)
		p5, _ := v5.DecodePatch([]byte("[" + operation + "]"))
		out, err = p5.Apply(object)
		show("v5.9.11", out, err)
	}
}
GO
cat >expected <<'TEXT'
{"op":"replace","path":"/data/absent","value":"x"}
  v4.13.0 {"data":{"a":"b","absent":"x"},"list":["x"]}
  v5.9.11 refused
{"op":"copy","from":"/data/absent","path":"/data/c"}
  v4.13.0 {"data":{"a":"b","c":null},"list":["x"]}
  v5.9.11 refused
{"op":"replace","path":"/absent/a","value":"x"}
  v4.13.0 refused
  v5.9.11 refused
{"op":"replace","path":"/list/1","value":"x"}
  v4.13.0 refused
  v5.9.11 refused
{"op":"remove","path":"/data/absent"}
  v4.13.0 refused
  v5.9.11 refused
{"op":"move","from":"/data/absent","path":"/data/c"}
  v4.13.0 refused
  v5.9.11 refused
TEXT
GOFLAGS=-mod=mod go run . >seen
cat seen
diff expected seen || { echo "this has changed" >&2; exit 1; }
