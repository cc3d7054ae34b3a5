package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// The kinds of Kubernetes itself, cert-manager and the Prometheus operator.
var decoder = func() runtime.Decoder {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, certmanager.AddToScheme, monitoring.AddToScheme} {
		if err := add(known); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
}()

// split returns the documents that hold more than comments and blanks.
func split(in io.Reader) ([][]byte, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(in))
	var documents [][]byte
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		var any any
		if yaml.Unmarshal(text, &any) == nil && any == nil {
			continue
		}
		documents = append(documents, bytes.Clone(text))
	}
}

// decode names a document, and returns all of its faults.
func decode(text []byte) (name string, faults []string) {
	name = describe(text)
	object, _, err := decoder.Decode(text, nil, nil)
	if strict, is := runtime.AsStrictDecodingError(err); is {
		for _, one := range strict.Errors() {
			faults = append(faults, one.Error())
		}
		return name, faults
	}
	if err != nil {
		return name, []string{err.Error()}
	}
	switch object := object.(type) {
	case *corev1.List:
		// Its items are not decoded with it.
		return name, []string{"write the items as documents of their own"}
	case *monitoring.PrometheusRule:
		return name, ruleFaults(object)
	}
	return name, nil
}

// describe names a document, also one that cannot be decoded: "apps/v1 Deployment pinhook/pinhook".
func describe(text []byte) string {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
	}
	if yaml.Unmarshal(text, &head) != nil || head.Kind == "" {
		return "(no kind)"
	}
	name := head.Metadata.Name
	if head.Metadata.Namespace != "" {
		name = head.Metadata.Namespace + "/" + name
	}
	return fmt.Sprintf("%s %s %s", head.APIVersion, head.Kind, name)
}
