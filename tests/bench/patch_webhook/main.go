// Answers every admission review with the same JSON Patch, over HTTP/1.1: the least that a webhook in Go does for a patch.
//
//	patch_webhook LISTEN CERTIFICATE KEY PATCH
//
// For tests/bench/cluster. It ends when its standard input is closed.
package main

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID    string          `json:"uid"`
	Object json.RawMessage `json:"object"`
}

type response struct {
	UID       string `json:"uid"`
	Allowed   bool   `json:"allowed"`
	PatchType string `json:"patchType"`
	Patch     []byte `json:"patch"`
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: patch_webhook LISTEN CERTIFICATE KEY PATCH")
	}
	patch, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked review
		if err == nil {
			err = json.Unmarshal(body, &asked)
		}
		if err != nil || asked.Request == nil {
			http.Error(w, "no admission review", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review{APIVersion: asked.APIVersion, Kind: asked.Kind,
			Response: &response{UID: asked.Request.UID, Allowed: true, PatchType: "JSONPatch", Patch: patch}})
	}
	server := http.Server{Addr: os.Args[1], Handler: http.HandlerFunc(answer),
		// Not nil: no HTTP/2.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(server.ListenAndServeTLS(os.Args[2], os.Args[3]))
}
