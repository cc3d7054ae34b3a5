#!/usr/bin/env bash
# cosign 3.1.3 (Go module github.com/sigstore/cosign/v3), sign-blob and verify-blob with a key of one's own.
# https://github.com/sigstore/cosign/tree/v3.1.3
#
# Surprise: `cosign import-key-pair` takes keys of P-384, P-521 and Ed25519 without a word, and sign-blob signs with them, by
# default with the hash that the Sigstore bundle prescribes for the key (SHA-384, SHA-512, Ed25519ph). verify-blob --key of the
# same version refuses these bundles, all without another option on either side: "invalid signature", as after a change of the
# bytes, or "message is missing artifact digest". Only P-256 is signed and verified by the same rule. Who verifies bundles must
# try the hash of the curve and SHA-256, or refuses what nobody changed.
#
# The script builds cosign in a temporary folder (some minutes of Go), signs a file with a key of each kind and without a log,
# and verifies it. It ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

for tool in go openssl; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
GOBIN=$work go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 >go.log 2>&1 || { tail -3 go.log >&2; exit 2; }
echo "cosign $(go version -m cosign | awk '$1 == "mod" { print $3 }'), $(openssl version)"

export COSIGN_PASSWORD=no-secret HOME=$work
echo '{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}' >no-log.json
echo "these bytes" >file
for curve in P-256 P-384 P-521; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out $curve.pem 2>/dev/null; done
openssl genpkey -algorithm ed25519 -out Ed25519.pem

seen=$(for kind in P-256 P-384 P-521 Ed25519; do
  ./cosign import-key-pair --key $kind.pem --output-key-prefix $kind --yes >/dev/null 2>&1
  ./cosign sign-blob --key $kind.key --signing-config no-log.json --bundle $kind.json --yes file >/dev/null 2>&1 && signed=signed || signed="not signed"
  ./cosign verify-blob --key $kind.pub --insecure-ignore-tlog --bundle $kind.json file >verified 2>&1 || true
  echo "$kind: $signed, $(tail -1 verified)"
done)
echo "$seen"
refused='error during command execution: failed to verify signature:'
invalid="$refused could not verify message: invalid signature when validating ASN.1 encoded signature"
[ "$seen" = "P-256: signed, Verified OK
P-384: signed, $invalid
P-521: signed, $invalid
Ed25519: signed, $refused message is missing artifact digest" ] || { echo "changed" >&2; exit 1; }
echo "seen as described"
