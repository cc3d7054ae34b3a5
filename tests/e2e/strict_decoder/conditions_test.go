package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// The matchConditions of the webhook, by the API server's own code, as of the oldest Kubernetes that is supported.
func matcher(t *testing.T) matchconditions.Matcher {
	t.Helper()
	entry := one[admissionregistration.MutatingWebhookConfiguration](t, render(t, "self-managed", "")).Webhooks[0]
	compiler := cel.NewConditionCompiler(environment.MustBaseEnvSet(version.MustParse("1.30")))
	var expressions []cel.ExpressionAccessor
	for _, c := range entry.MatchConditions {
		expressions = append(expressions, &matchconditions.MatchCondition{Name: c.Name, Expression: c.Expression})
	}
	compiled := compiler.CompileCondition(expressions, cel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.NewExpressions)
	fail := admissionregistration.Fail
	return matchconditions.NewMatcher(compiled, &fail, "webhook", "admit", entry.Name)
}

// parse gives an object as the API server hands it to conditions: through its Go type where it has one.
func parse(t *testing.T, text string) runtime.Object {
	t.Helper()
	if text == "" {
		return nil
	}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &object.Object); err != nil {
		t.Fatal(err)
	}
	if typed, err := scheme.Scheme.New(object.GroupVersionKind()); err == nil {
		if err := json.Unmarshal(raw, typed); err != nil {
			t.Fatal(err)
		}
		return typed
	}
	return object
}

// sent says whether an object would be sent; an error of a condition fails the test.
func sent(t *testing.T, m matchconditions.Matcher, operation admission.Operation, resource, subresource, object, old string) bool {
	t.Helper()
	now, before := parse(t, object), parse(t, old)
	some := now
	if some == nil {
		some = before
	}
	kind := some.GetObjectKind().GroupVersionKind()
	where := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: resource}
	attributes := admission.NewAttributesRecord(now, before, kind, "shop", "web", where, subresource, operation, nil, false, nil)
	result := m.Match(context.Background(), &admission.VersionedAttributes{
		Attributes: attributes, VersionedKind: kind, VersionedObject: now, VersionedOldObject: before,
	}, nil, nil)
	if result.Error != nil {
		t.Fatalf("%s %s: %v", operation, resource, result.Error)
	}
	return result.Matches
}

const (
	create = admission.Create
	update = admission.Update
	remove = admission.Delete
)

var pinned = "nginx@" + digest

// pod is a Pod with containers of these images; more is put into metadata, more of the spec behind it.
func pod(images []string, metadata, spec string) string {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: web" + metadata + "}\nspec:\n  containers:\n"
	for i, image := range images {
		text += fmt.Sprintf("    - {name: c%d, image: \"%s\"}\n", i, image)
	}
	return text + spec
}

func images(list ...string) []string { return list }

func TestPodsAreSentForWhatCanBePinned(t *testing.T) {
	m := matcher(t)
	tag, both := pod(images("nginx:1.25"), "", ""), pod(images(pinned), "", "")
	refresh := func(images []string, value string) string {
		return pod(images, ", annotations: {pinhook.dev/refresh: \""+value+"\"}", "")
	}
	const debug = "  ephemeralContainers: [{name: d, image: "
	deleted := ", deletionTimestamp: \"2026-01-01T00:00:00Z\", finalizers: [a.dev/b]"
	for _, c := range []struct {
		name        string
		operation   admission.Operation
		object, old string
		want        bool
	}{
		{"tag", create, tag, "", true},
		{"no tag", create, pod(images("nginx"), "", ""), "", true},
		{"digest", create, both, "", false},
		{"tag and digest", create, pod(images("nginx:1.25@"+digest), "", ""), "", false},
		{"digest, then tag", create, pod(images(pinned, "nginx:1.25"), "", ""), "", true},
		{"a digit short", create, pod(images(strings.TrimSuffix(pinned, "f")), "", ""), "", true},
		{"a digit more", create, pod(images(pinned+"0"), "", ""), "", true},
		{"upper case", create, pod(images("nginx@sha256:"+strings.Repeat("A", 64)), "", ""), "", true},
		{"digest in the name's place", create, pod(images(digest), "", ""), "", true},
		{"image's text is behind a line break", create, pod(images(pinned+`\nx`), "", ""), "", true},
		{"init container with tag", create, pod(images(pinned), "", "  initContainers: [{name: i, image: \"a:1\"}]\n"), "", true},
		{"init container with digest", create, pod(images(pinned), "", "  initContainers: [{name: i, image: "+pinned+"}]\n"), "", false},
		{"image volume with tag", create, pod(images(pinned), "", "  volumes: [{name: v, image: {reference: \"m:1\"}}]\n"), "", true},
		{"image volume with digest, other volumes", create, pod(images(pinned), "", "  volumes: [{name: v, image: {reference: "+pinned+"}}, {name: scratch, emptyDir: {}}, {name: other}]\n"), "", false},
		{"image volume without reference", create, pod(images(pinned), "", "  volumes: [{name: v, image: {}}]\n"), "", false},
		{"no image", create, pod(images(""), "", ""), "", false},
		{"no containers", create, "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: []}\n", "", false},
		{"containers: null", create, "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: null, initContainers: null, volumes: null}\n", "", false},
		{"no spec", create, "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", "", false},
		{"nothing at all", create, "apiVersion: v1\nkind: Pod\n", "", false},
		{"digest, refresh", create, refresh(images(pinned), "1"), "", false},
		{"tag, deletionTimestamp by the author", create, pod(images("nginx"), deleted, ""), "", true},

		{"tag, nothing changes", update, tag, tag, false},
		{"tag, a label changes", update, pod(images("nginx:1.25"), ", labels: {a: b}", ""), tag, false},
		{"tag, another tag", update, pod(images("nginx:1.26"), "", ""), tag, true},
		{"tag becomes a digest", update, both, tag, false},
		{"digest becomes a tag", update, tag, both, true},
		{"ephemeral container with tag", update, pod(images(pinned), "", debug+"\"b:1\"}]\n"), both, true},
		{"ephemeral container with digest", update, pod(images(pinned), "", debug+pinned+"}]\n"), both, false},
		{"refresh is set", update, refresh(images(pinned), "1"), both, true},
		{"refresh changes", update, refresh(images(pinned), "2"), refresh(images(pinned), "1"), true},
		{"refresh goes", update, both, refresh(images(pinned), "1"), true},
		{"refresh stays", update, refresh(images(pinned), "1"), refresh(images(pinned), "1"), false},
		{"another annotation", update, pod(images(pinned), ", annotations: {a: b}", ""), both, false},
		{"being deleted", update, pod(images("nginx:1.26"), deleted, ""), pod(images("nginx:1.25"), deleted, ""), false},
		{"being deleted, hidden by the author", update, pod(images("nginx:1.26"), "", ""), pod(images("nginx:1.25"), deleted, ""), false},
		{"not being deleted, pretended by the author", update, pod(images("nginx:1.26"), deleted, ""), tag, true},
	} {
		for _, subresource := range []string{"", "ephemeralcontainers"} {
			if got := sent(t, m, c.operation, "pods", subresource, c.object, c.old); got != c.want {
				t.Errorf("%s %s: sent %v", c.operation, c.name, got)
			}
		}
	}
}

// A rule for DELETE that somebody adds must not make the conditions fail: there is no object then.
func TestConditionsDoNotFailOnDelete(t *testing.T) {
	m := matcher(t)
	for _, kind := range []string{"apiVersion: apps/v1\nkind: Deployment", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout"} {
		sent(t, m, remove, strings.ToLower(strings.Split(kind, "kind: ")[1])+"s", "", "", kind+"\nmetadata: {name: web}\n")
	}
	if sent(t, m, remove, "pods", "", "", pod(images("nginx"), "", "")) {
		t.Error("a deleted Pod is sent")
	}
	if sent(t, m, remove, "replicasets", "", "", "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\n") {
		t.Error("a deleted ReplicaSet is sent")
	}
}

// Rule 3.6 of include/pinhook/pin/README.md.
func TestNoReplicaSetOfAControllerIsSent(t *testing.T) {
	m := matcher(t)
	const owner = "{apiVersion: apps/v1, kind: Deployment, name: web, uid: u"
	for _, c := range []struct {
		kind, resource, owners string
		want                   bool
	}{
		{"apps/v1 ReplicaSet", "replicasets", "", true},
		{"apps/v1 ReplicaSet", "replicasets", "ownerReferences: []", true},
		{"apps/v1 ReplicaSet", "replicasets", "ownerReferences: [" + owner + "}]", true},
		{"apps/v1 ReplicaSet", "replicasets", "ownerReferences: [" + owner + ", controller: false}]", true},
		{"apps/v1 ReplicaSet", "replicasets", "ownerReferences: [" + owner + ", controller: true}]", false},
		{"apps/v1 ReplicaSet", "replicasets", "ownerReferences: [" + owner + "}, " + owner + ", controller: true}]", false},
		{"v1 ReplicationController", "replicationcontrollers", "ownerReferences: [" + owner + ", controller: true}]", false},
		{"v1 ReplicationController", "replicationcontrollers", "", true},
		{"apps/v1 Deployment", "deployments", "ownerReferences: [" + owner + ", controller: true}]", true},
		{"batch/v1 Job", "jobs", "ownerReferences: [" + owner + ", controller: true}]", true},
		{"argoproj.io/v1alpha1 Rollout", "rollouts", "", true},
	} {
		version, kind, _ := strings.Cut(c.kind, " ")
		object := "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: web, " + c.owners + "}\n"
		for _, old := range []string{"", object} {
			operation := create
			if old != "" {
				operation = update
			}
			if got := sent(t, m, operation, c.resource, "", object, old); got != c.want {
				t.Errorf("%s of %s {%s}: sent %v", operation, kind, c.owners, got)
			}
		}
	}
}

// The API server stops conditions that cost too much, and under Fail denies the request then.
func TestConditionsAffordLargePods(t *testing.T) {
	m := matcher(t)
	const count = 1000
	long := strings.Repeat("registry.example.com/team/", 8)
	var many []string
	more := ""
	for i := range count {
		many = append(many, fmt.Sprintf("%s%d@%s", long, i, digest))
	}
	for _, list := range []string{"initContainers", "ephemeralContainers"} {
		more += "  " + list + ":\n"
		for i := range count {
			more += fmt.Sprintf("    - {name: c%d, image: \"%s%d@%s\"}\n", i, long, i, digest)
		}
	}
	object := pod(many, "", more)
	if sent(t, m, create, "pods", "", object, "") {
		t.Error("CREATE is sent")
	}
	if sent(t, m, update, "pods", "", object, pod(images("nginx"), "", "")) {
		t.Error("UPDATE is sent")
	}
	var owners []metav1.OwnerReference
	for i := range count {
		owners = append(owners, metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: fmt.Sprint("o", i), UID: "u"})
	}
	text, err := yaml.Marshal(owners)
	if err != nil {
		t.Fatal(err)
	}
	if !sent(t, m, create, "replicasets", "", "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: web\n  ownerReferences:\n"+
		"    "+strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n    ")+"\n", "") {
		t.Error("a ReplicaSet whose owners do not control is not sent")
	}
}
