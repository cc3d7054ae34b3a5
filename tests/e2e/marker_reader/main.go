// Sets the fields that are marked for Flux or kpt, as their programs do: every scalar whose comment kyaml's fieldmeta
// understands as a reference to a setter gets the setter's value. Flux's image-automation-controller finds its markers
// with this very package (internal/update/setters.go); kpt's apply-setters compares the line comment that kyaml gives it
// (functions/go/apply-setters).
//
//	marker_reader '$imagepolicy' flux-system:web=ghcr.io/acme/web:3.0 flux-system:web:tag=3.0 <web.yaml
//	marker_reader kpt-set: image=nginx tag=1.26 <web.yaml
//
// Prints the documents afterwards on stdout, and on stderr a line for each field that was found: "setter: old -> new".
// Exit codes: 0 done, found or not; 2 wrong usage, or stdin is no YAML.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/fieldmeta"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const (
	extension   = "x-k8s-cli"
	kptPrefix   = "kpt-set:"
	kptComment  = "# kpt-set: "
	usageStatus = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(words []string, in io.Reader, out, errors io.Writer) int {
	if len(words) < 2 {
		fmt.Fprintln(errors, "marker_reader: a marker and setter=value pairs are expected")
		return usageStatus
	}
	values := map[string]string{}
	for _, word := range words[1:] {
		name, value, found := strings.Cut(word, "=")
		if !found {
			fmt.Fprintln(errors, "marker_reader: no setter=value:", word)
			return usageStatus
		}
		values[name] = value
	}
	set := fieldSetter(words[0], values, errors)
	pipeline := kio.Pipeline{
		Inputs: []kio.Reader{&kio.ByteReader{Reader: in, OmitReaderAnnotations: true}},
		Filters: []kio.Filter{kio.FilterFunc(func(nodes []*yaml.RNode) ([]*yaml.RNode, error) {
			for _, node := range nodes {
				if err := walk(node, set); err != nil {
					return nil, err
				}
			}
			return nodes, nil
		})},
		Outputs: []kio.Writer{kio.ByteWriter{Writer: out}},
	}
	if err := pipeline.Execute(); err != nil {
		fmt.Fprintln(errors, "marker_reader:", err)
		return usageStatus
	}
	return 0
}

// walk visits every scalar value.
func walk(node *yaml.RNode, visit func(*yaml.RNode)) error {
	switch node.YNode().Kind {
	case yaml.MappingNode:
		return node.VisitFields(func(field *yaml.MapNode) error { return walk(field.Value, visit) })
	case yaml.SequenceNode:
		return node.VisitElements(func(item *yaml.RNode) error { return walk(item, visit) })
	case yaml.ScalarNode:
		visit(node)
	}
	return nil
}

func fieldSetter(marker string, values map[string]string, found io.Writer) func(*yaml.RNode) {
	if marker == kptPrefix {
		return func(field *yaml.RNode) { setByPattern(field, values, found) }
	}
	fieldmeta.SetShortHandRef(marker)
	openapi.SuppressBuiltInSchemaUse()
	schema := schemaOf(values)
	return func(field *yaml.RNode) { setByReference(field, schema, found) }
}

func schemaOf(values map[string]string) *spec.Schema {
	definitions := map[string]spec.Schema{}
	for name, value := range values {
		one := spec.StringProperty()
		one.Extensions = spec.Extensions{extension: map[string]any{"setter": map[string]any{"name": name, "value": value}}}
		definitions[fieldmeta.SetterDefinitionPrefix+name] = *one
	}
	return &spec.Schema{SchemaProps: spec.SchemaProps{Definitions: definitions}}
}

func setByReference(field *yaml.RNode, schema *spec.Schema, found io.Writer) {
	meta := fieldmeta.FieldMeta{SettersSchema: schema}
	if err := meta.Read(field); err != nil || meta.IsEmpty() || meta.Schema.Ref.String() == "" {
		return
	}
	resolved, err := openapi.Resolve(&meta.Schema.Ref, schema)
	if err != nil || resolved == nil {
		return
	}
	setter, ok := resolved.Extensions[extension].(map[string]any)["setter"].(map[string]any)
	if !ok {
		return
	}
	set(field, setter["name"].(string), setter["value"].(string), found)
	yaml.FormatNonStringStyle(field.YNode(), *resolved)
}

func setByPattern(field *yaml.RNode, values map[string]string, found io.Writer) {
	pattern, ok := strings.CutPrefix(field.YNode().LineComment, kptComment)
	if !ok {
		return
	}
	value := strings.TrimSpace(pattern)
	for name, one := range values {
		value = strings.ReplaceAll(value, "${"+name+"}", one)
	}
	if !strings.Contains(value, "${") {
		set(field, strings.TrimSpace(pattern), value, found)
	}
}

func set(field *yaml.RNode, setter, value string, found io.Writer) {
	fmt.Fprintf(found, "%s: %s -> %s\n", setter, field.YNode().Value, value)
	field.YNode().Value = value
}
