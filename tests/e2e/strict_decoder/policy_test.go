package main

import (
	"context"
	"reflect"
	"strings"
	"testing"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

// The component admission-policy, by the API server's own code, as of the oldest Kubernetes that is supported.
type policy struct {
	t                       *testing.T
	conditions, validations matchconditions.Matcher
	configuration           *admissionregistration.MutatingWebhookConfiguration
}

func newPolicy(t *testing.T) policy {
	t.Helper()
	built := render(t, "self-managed", "", "admission-policy")
	spec := one[admissionregistration.ValidatingAdmissionPolicy](t, built).Spec
	var conditions, validations []string
	for _, c := range spec.MatchConditions {
		conditions = append(conditions, c.Expression)
	}
	for _, v := range spec.Validations {
		validations = append(validations, v.Expression)
	}
	return policy{t, compiled(conditions), compiled(validations), one[admissionregistration.MutatingWebhookConfiguration](t, built)}
}

func compiled(expressions []string) matchconditions.Matcher {
	compiler := cel.NewConditionCompiler(environment.MustBaseEnvSet(version.MustParse("1.30")))
	var accessors []cel.ExpressionAccessor
	for _, e := range expressions {
		accessors = append(accessors, &matchconditions.MatchCondition{Name: e, Expression: e})
	}
	evaluators := compiler.CompileCondition(accessors, cel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.NewExpressions)
	fail := admissionregistration.Fail
	return matchconditions.NewMatcher(evaluators, &fail, "policy", "validate", "pinhook")
}

const account = "system:serviceaccount:pinhook:pinhook"

// allows says whether the policy lets the user do it; an error of an expression fails the test.
func (p policy) allows(who string, operation admission.Operation, now, before *admissionregistration.MutatingWebhookConfiguration) bool {
	p.t.Helper()
	some := now
	if some == nil {
		some = before
	}
	kind := admissionregistration.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration")
	where := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: "mutatingwebhookconfigurations"}
	request := &admission.VersionedAttributes{VersionedKind: kind}
	// A nil pointer in an interface would not be a missing object.
	if now != nil {
		request.VersionedObject = now
	}
	if before != nil {
		request.VersionedOldObject = before
	}
	request.Attributes = admission.NewAttributesRecord(request.VersionedObject, request.VersionedOldObject, kind, "", some.Name,
		where, "", operation, nil, false, &user.DefaultInfo{Name: who})
	for _, m := range []matchconditions.Matcher{p.conditions, p.validations} {
		result := m.Match(context.Background(), request, nil, nil)
		if result.Error != nil {
			p.t.Fatalf("%s by %s: %v", operation, who, result.Error)
		}
		if !result.Matches {
			// The first: the policy is not about this request.
			return reflect.ValueOf(m).Pointer() == reflect.ValueOf(p.conditions).Pointer()
		}
	}
	return true
}

type configuration = admissionregistration.MutatingWebhookConfiguration

func (p policy) changed(change func(*configuration)) *configuration {
	out := p.configuration.DeepCopy()
	change(out)
	return out
}

func pointer[T any](value T) *T { return &value }

// A change of every field that the API has. A field that the API gets is missing in these tables until the policy, too,
// names it.
var (
	webhookChanges = map[string]func(*admissionregistration.MutatingWebhook){
		"Name":         func(w *admissionregistration.MutatingWebhook) { w.Name = "other.pinhook.dev" },
		"ClientConfig": func(w *admissionregistration.MutatingWebhook) { w.ClientConfig.Service.Name = "other" },
		"Rules": func(w *admissionregistration.MutatingWebhook) {
			w.Rules = append(w.Rules, admissionregistration.RuleWithOperations{Rule: admissionregistration.Rule{APIGroups: []string{"*"}}})
		},
		"FailurePolicy":     func(w *admissionregistration.MutatingWebhook) { w.FailurePolicy = nil },
		"MatchPolicy":       func(w *admissionregistration.MutatingWebhook) { w.MatchPolicy = pointer(admissionregistration.Exact) },
		"NamespaceSelector": func(w *admissionregistration.MutatingWebhook) { w.NamespaceSelector = &metav1.LabelSelector{} },
		"ObjectSelector": func(w *admissionregistration.MutatingWebhook) {
			w.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		},
		"SideEffects": func(w *admissionregistration.MutatingWebhook) {
			w.SideEffects = pointer(admissionregistration.SideEffectClassSome)
		},
		"TimeoutSeconds":          func(w *admissionregistration.MutatingWebhook) { w.TimeoutSeconds = pointer(int32(30)) },
		"AdmissionReviewVersions": func(w *admissionregistration.MutatingWebhook) { w.AdmissionReviewVersions = []string{"v1", "v1beta1"} },
		"ReinvocationPolicy": func(w *admissionregistration.MutatingWebhook) {
			w.ReinvocationPolicy = pointer(admissionregistration.NeverReinvocationPolicy)
		},
		"MatchConditions": func(w *admissionregistration.MutatingWebhook) { w.MatchConditions = w.MatchConditions[:1] },
	}
	clientChanges = map[string]func(*admissionregistration.WebhookClientConfig){
		"URL":      func(c *admissionregistration.WebhookClientConfig) { c.URL = pointer("https://example.com") },
		"Service":  func(c *admissionregistration.WebhookClientConfig) { c.Service.Port = pointer(int32(8443)) },
		"CABundle": func(c *admissionregistration.WebhookClientConfig) { c.CABundle = []byte("PEM") },
	}
	metadataChanges = map[string]func(*metav1.ObjectMeta){
		"Labels":          func(m *metav1.ObjectMeta) { m.Labels["a"] = "b" },
		"Annotations":     func(m *metav1.ObjectMeta) { m.Annotations = map[string]string{"cert-manager.io/inject-ca-from": "a/b"} },
		"Finalizers":      func(m *metav1.ObjectMeta) { m.Finalizers = []string{"a.dev/b"} },
		"OwnerReferences": func(m *metav1.ObjectMeta) { m.OwnerReferences = []metav1.OwnerReference{{Name: "a"}} },
	}
	// The API server keeps or sets these itself.
	metadataOfTheServer = "Name GenerateName Namespace SelfLink UID ResourceVersion Generation CreationTimestamp " +
		"DeletionTimestamp DeletionGracePeriodSeconds ManagedFields"
)

func fieldsOf[T any]() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		names = append(names, f.Name)
	}
	return names
}

func TestPolicyLetsPinhookChangeNothingButCABundle(t *testing.T) {
	p := newPolicy(t)
	p.configuration.Webhooks[0].ClientConfig.CABundle = []byte("before")
	try := func(name string, want bool, change func(*configuration)) {
		t.Helper()
		if got := p.allows(account, update, p.changed(change), p.configuration); got != want {
			t.Errorf("%s: allowed: %v", name, got)
		}
	}
	try("nothing", true, func(*configuration) {})
	for _, name := range fieldsOf[admissionregistration.MutatingWebhook]() {
		change, is := webhookChanges[name]
		if !is {
			t.Errorf("the API has a new field %s", name)
			continue
		}
		for i := range p.configuration.Webhooks {
			try(name, false, func(c *configuration) { change(&c.Webhooks[i]) })
		}
	}
	for _, name := range fieldsOf[admissionregistration.WebhookClientConfig]() {
		change, is := clientChanges[name]
		if !is {
			t.Errorf("the API has a new field %s", name)
			continue
		}
		for i := range p.configuration.Webhooks {
			try(name, name == "CABundle", func(c *configuration) { change(&c.Webhooks[i].ClientConfig) })
		}
	}
	for _, name := range fieldsOf[metav1.ObjectMeta]() {
		if change, is := metadataChanges[name]; is {
			try(name, false, func(c *configuration) { change(&c.ObjectMeta) })
		} else if !strings.Contains(" "+metadataOfTheServer+" ", " "+name+" ") {
			t.Errorf("the API has a new field %s", name)
		}
	}
	try("every caBundle", true, func(c *configuration) {
		for i := range c.Webhooks {
			c.Webhooks[i].ClientConfig.CABundle = []byte("other")
		}
	})
	try("no caBundle any more", true, func(c *configuration) { c.Webhooks[0].ClientConfig.CABundle = nil })
	try("caBundle and a field", false, func(c *configuration) {
		c.Webhooks[0].ClientConfig.CABundle, c.Webhooks[0].TimeoutSeconds = []byte("other"), nil
	})
	try("an entry less", false, func(c *configuration) { c.Webhooks = c.Webhooks[:2] })
	try("no entries", false, func(c *configuration) { c.Webhooks = nil })
	try("an entry more", false, func(c *configuration) { c.Webhooks = append(c.Webhooks, *c.Webhooks[0].DeepCopy()) })
	try("another order", false, func(c *configuration) { c.Webhooks[0], c.Webhooks[1] = c.Webhooks[1], c.Webhooks[0] })
}

func TestPolicyIsAboutPinhookAlone(t *testing.T) {
	p := newPolicy(t)
	other := p.changed(func(c *configuration) { c.Name = "other" })
	wide := p.changed(func(c *configuration) { c.Webhooks[0].Rules = nil })
	for _, c := range []struct {
		name, who   string
		operation   admission.Operation
		now, before *configuration
		want        bool
	}{
		{"creates its own", account, create, p.configuration, nil, false},
		{"creates another", account, create, other, nil, false},
		{"deletes its own", account, remove, nil, p.configuration, false},
		{"changes another", account, update, other, other, false},
		{"an admin creates", "admin", create, p.configuration, nil, true},
		{"an admin deletes", "admin", remove, nil, p.configuration, true},
		{"an admin changes", "admin", update, wide, p.configuration, true},
		{"another account of the namespace", "system:serviceaccount:pinhook:default", update, wide, p.configuration, true},
		{"an account of that name elsewhere", "system:serviceaccount:shop:pinhook", update, wide, p.configuration, true},
	} {
		if got := p.allows(c.who, c.operation, c.now, c.before); got != c.want {
			t.Errorf("%s: allowed: %v", c.name, got)
		}
	}
}
