// Reads YAML documents on stdin and decodes each into the Go type of its apiVersion and kind, as strictly as the owners of
// the types do: an unknown or duplicate field, a value of the wrong type, an unknown kind are faults. Rules of the
// Prometheus operator are parsed as Prometheus parses them.
//
//	kubectl kustomize overlays/self-managed | strict_decoder
//
// Prints one line a document. Exit codes: 0 all are right, 1 a fault, 2 stdin cannot be read.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Stdin, os.Stdout, os.Stderr)) }

func run(in io.Reader, out, errors io.Writer) int {
	documents, err := split(in)
	if err != nil {
		fmt.Fprintln(errors, "strict_decoder:", err)
		return 2
	}
	if len(documents) == 0 {
		fmt.Fprintln(errors, "strict_decoder: no documents on stdin")
		return 1
	}
	status := 0
	for i, text := range documents {
		name, faults := decode(text)
		if len(faults) == 0 {
			fmt.Fprintf(out, "ok    document %d: %s\n", i+1, name)
		}
		for _, fault := range faults {
			fmt.Fprintf(out, "FAULT document %d: %s: %s\n", i+1, name, fault)
			status = 1
		}
	}
	return status
}
