#!/usr/bin/env bash
# kube-apiserver 1.37 (k8s.io/client-go v0.37.2, util/keyutil, by which it reads --service-account-key-file and
# --service-account-signing-key-file), OpenSSL 3.
# https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
#
# Surprise: the help of --service-account-key-file says "RSA or ECDSA private or public keys", and the same ECDSA private key in
# PKCS #8 ("PRIVATE KEY", what `openssl genpkey` writes) is taken for signing and refused for verifying: "data does not contain
# any valid RSA or ECDSA public keys". In SEC 1 ("EC PRIVATE KEY", `openssl ecparam -genkey`) it is taken for both, and an RSA key
# in PKCS #8, too. So a key that was changed from RSA to ECDSA by the same command keeps the API server from starting; the public
# half always works.
#
# The script fetches client-go in a temporary folder, makes keys and reads each as both flags do. It ends with 1 when what it
# sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in go openssl; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"k8s.io/client-go/util/keyutil"
)

func said(err error) string {
	if err != nil {
		return err.Error()
	}
	return "read"
}

func main() {
	for _, file := range os.Args[1:] {
		data, _ := os.ReadFile(file)
		_, signs := keyutil.ParsePrivateKeyPEM(data)
		_, verifies := keyutil.ParsePublicKeysPEM(data)
		fmt.Printf("%s: to sign: %s; to verify: %s\n", file, said(signs), said(verifies))
	}
}
GO
{ go mod init keys && go get k8s.io/client-go@v0.37.2 && go mod tidy && go build -o keys .; } >go.log 2>&1 || { tail -3 go.log >&2; exit 2; }
echo "client-go $(go list -m -f '{{.Version}}' k8s.io/client-go), $(openssl version)"

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec-pkcs8 2>/dev/null
openssl ec -in ec-pkcs8 -out ec-sec1 2>/dev/null
openssl pkey -in ec-pkcs8 -pubout -out ec-public
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-pkcs8 2>/dev/null
seen=$(./keys ec-pkcs8 ec-sec1 rsa-pkcs8)
echo "$seen"
[ "$seen" = "ec-pkcs8: to sign: read; to verify: data does not contain any valid RSA or ECDSA public keys
ec-sec1: to sign: read; to verify: read
rsa-pkcs8: to sign: read; to verify: read" ] || { echo "changed" >&2; exit 1; }
./keys ec-public | grep -q 'to verify: read$' || { echo "changed" >&2; exit 1; }
echo "seen as described"
