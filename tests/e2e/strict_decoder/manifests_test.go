package main

import (
	"maps"
	"math/bits"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/prometheus/promql/parser"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const root = "../../.."

var overlays = []string{"self-managed", "cert-manager"}

// render builds an overlay as kubectl kustomize does, with components and further lines of a kustomization.
func render(t *testing.T, overlay, more string, components ...string) []byte {
	t.Helper()
	tree := t.TempDir()
	if err := os.CopyFS(filepath.Join(tree, "kustomize"), os.DirFS(filepath.Join(root, "manifests/kustomize"))); err != nil {
		t.Fatal(err)
	}
	text := "resources: [../kustomize/overlays/" + overlay + "]\ncomponents:\n"
	for _, c := range components {
		text += "  - ../kustomize/components/" + c + "\n"
	}
	mine := filepath.Join(tree, "mine")
	if err := os.Mkdir(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mine, "kustomization.yaml"), []byte(text+more), 0o644); err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), mine)
	if err != nil {
		t.Fatalf("%s with %v: %v", overlay, components, err)
	}
	out, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// all returns the objects of a type in a rendering.
func all[T any](t *testing.T, rendering []byte) (found []*T) {
	t.Helper()
	documents, err := split(strings.NewReader(string(rendering)))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range documents {
		object, _, err := decoder.Decode(text, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if o, is := any(object).(*T); is {
			found = append(found, o)
		}
	}
	return found
}

func one[T any](t *testing.T, rendering []byte) *T {
	t.Helper()
	found := all[T](t, rendering)
	if len(found) != 1 {
		t.Fatalf("%d objects of type %T instead of one", len(found), *new(T))
	}
	return found[0]
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryRenderingIsRight(t *testing.T) {
	components := []string{"monitoring", "autoscaling", "no-pull-secrets", "lock", "pinned-pods", "admission-policy"}
	for _, overlay := range overlays {
		for subset := range 1 << len(components) {
			// None, each, each with each other, and all.
			if n := bits.OnesCount(uint(subset)); n > 2 && n < len(components) {
				continue
			}
			var with []string
			for i, c := range components {
				if subset&(1<<i) != 0 {
					with = append(with, c)
				}
			}
			if status, out := output(t, string(render(t, overlay, "", with...))); status != 0 {
				t.Errorf("%s with %v:\n%s", overlay, with, out)
			}
		}
	}
}

// kustomize rewrites what it takes for references to a generated ConfigMap, names in roles among them.
func TestAChangedConfigurationRollsOut(t *testing.T) {
	changed := `configMapGenerator:
  - {name: pinhook-config, namespace: pinhook, behavior: replace, literals: ["pinhook.yaml=threads: 3"]}
`
	for _, overlay := range overlays {
		seen := map[string]string{}
		for _, more := range []string{"", changed} {
			built := render(t, overlay, more)
			config := one[corev1.ConfigMap](t, built)
			used := ""
			for _, v := range one[appsv1.Deployment](t, built).Spec.Template.Spec.Volumes {
				if v.ConfigMap != nil {
					used = v.ConfigMap.Name
				}
			}
			if used != config.Name {
				t.Errorf("%s: the Deployment mounts %s, the ConfigMap is %s", overlay, used, config.Name)
			}
			seen[config.Name] = config.Data["pinhook.yaml"]
			for _, role := range all[rbacv1.ClusterRole](t, built) {
				for _, rule := range role.Rules {
					for _, name := range rule.ResourceNames {
						if name != "pinhook" {
							t.Errorf("%s: ClusterRole %s names %s", overlay, role.Name, name)
						}
					}
				}
			}
		}
		if len(seen) != 2 {
			t.Errorf("%s: both configurations have one name: %v", overlay, seen)
		}
	}
}

// What pinhook may do, spelled out: a right more must be written here, too.
func TestRights(t *testing.T) {
	const configurations = "get admissionregistration.k8s.io/mutatingwebhookconfigurations [pinhook]"
	const written = "get,patch admissionregistration.k8s.io/mutatingwebhookconfigurations [pinhook]"
	const secret = "pinhook: get,create,patch /secrets [pinhook-serving-certificate]"
	const others = "get /secrets,serviceaccounts,namespaces []"
	for _, c := range []struct {
		overlay    string
		components []string
		want       []string
	}{
		{"self-managed", nil, []string{secret, written, others}},
		{"self-managed", []string{"no-pull-secrets"}, []string{secret, written}},
		{"cert-manager", nil, []string{configurations, others}},
		{"cert-manager", []string{"no-pull-secrets"}, []string{configurations}},
	} {
		built := render(t, c.overlay, "", c.components...)
		var got []string
		tell := func(namespace string, rules []rbacv1.PolicyRule) {
			for _, r := range rules {
				text := strings.Join(r.Verbs, ",") + " " + strings.Join(r.APIGroups, ",") + "/" +
					strings.Join(r.Resources, ",") + " [" + strings.Join(r.ResourceNames, " ") + "]"
				if namespace != "" {
					text = namespace + ": " + text
				}
				got = append(got, text)
			}
		}
		bound := map[string]bool{}
		for _, b := range all[rbacv1.RoleBinding](t, built) {
			bound["Role "+b.RoleRef.Name] = true
		}
		for _, b := range all[rbacv1.ClusterRoleBinding](t, built) {
			bound["ClusterRole "+b.RoleRef.Name] = true
		}
		for _, r := range all[rbacv1.Role](t, built) {
			tell(r.Namespace, r.Rules)
			delete(bound, "Role "+r.Name)
		}
		for _, r := range all[rbacv1.ClusterRole](t, built) {
			tell("", r.Rules)
			delete(bound, "ClusterRole "+r.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s with %v:\n%s", c.overlay, c.components, strings.Join(got, "\n"))
		}
		if len(bound) != 0 {
			t.Errorf("%s with %v: bound, but not there: %v", c.overlay, c.components, bound)
		}
	}
}

// The three entries are one, but for what the table of modes in docs/pinning.md says.
func TestEntriesDifferInTheirModeAlone(t *testing.T) {
	for _, overlay := range overlays {
		entries := one[admissionregistration.MutatingWebhookConfiguration](t, render(t, overlay, "")).Webhooks
		if len(entries) != 3 {
			t.Fatalf("%d entries", len(entries))
		}
		for i, mode := range []string{"enforce", "best-effort", "audit"} {
			entry := entries[i]
			policy := admissionregistration.Ignore
			if mode == "enforce" {
				policy = admissionregistration.Fail
			}
			if entry.Name != mode+".pinhook.dev" || *entry.ClientConfig.Service.Path != "/v1/pin/"+mode ||
				!slices.Equal(entry.NamespaceSelector.MatchExpressions[0].Values, []string{mode}) || *entry.FailurePolicy != policy {
				t.Errorf("%s: entry %d is not of mode %s", overlay, i, mode)
			}
			if exempts := entry.ObjectSelector != nil; exempts != (mode != "enforce") {
				t.Errorf("%s: %s lets objects be skipped: %v", overlay, mode, exempts)
			}
			// Made equal, the rest must be.
			entry.Name, entry.FailurePolicy, entry.ObjectSelector = entries[0].Name, entries[0].FailurePolicy, entries[0].ObjectSelector
			entry.ClientConfig.Service.Path = entries[0].ClientConfig.Service.Path
			entry.NamespaceSelector.MatchExpressions[0] = entries[0].NamespaceSelector.MatchExpressions[0]
			if !reflect.DeepEqual(entry, entries[0]) {
				t.Errorf("%s: %s differs from enforce in more than its mode", overlay, mode)
			}
		}
	}
}

// Each kind that the program knows is sent to it.
func TestRulesHoldEveryKnownKind(t *testing.T) {
	const table = "src/pin/kind_table.cpp"
	rows := regexp.MustCompile(`\{"([a-z0-9.-]*)", "[A-Za-z]+", "([a-z]+)",([^}]*)\}`).FindAllStringSubmatch(read(t, table), -1)
	known := map[string]bool{"/pods/ephemeralcontainers": true}
	for _, row := range rows {
		// No namespace, whose label could be asked.
		if !strings.Contains(row[3], "scope::cluster") {
			known[row[1]+"/"+row[2]] = true
		}
	}
	if len(known) < 40 {
		t.Fatalf("only %d kinds found in %s", len(known), table)
	}
	sent := map[string]bool{}
	for _, rule := range one[admissionregistration.MutatingWebhookConfiguration](t, render(t, "self-managed", "")).Webhooks[0].Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				sent[group+"/"+resource] = true
			}
		}
		if *rule.Scope != admissionregistration.NamespacedScope {
			t.Errorf("scope of %v: %s", rule.Resources, *rule.Scope)
		}
	}
	if !maps.Equal(known, sent) {
		for k := range known {
			if !sent[k] {
				t.Errorf("%s is known, and not sent", k)
			}
		}
		for k := range sent {
			if !known[k] {
				t.Errorf("%s is sent, and not known", k)
			}
		}
	}
}

// The alerts ask for metrics and labels that the program has, and say what to do.
func TestAlerts(t *testing.T) {
	labels := map[string][]string{
		"up": {"job", "namespace"},
		"apiserver_admission_webhook_rejection_count": {"name", "error_type"},
		"apiserver_admission_webhook_fail_open_count": {"name"},
		"kube_deployment_status_replicas_available":   {"namespace", "deployment"},
		"kube_deployment_spec_replicas":               {"namespace", "deployment"},
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| ([a-z,_]*) *\\|").FindAllStringSubmatch(read(t, "docs/metrics.md"), -1) {
		own := append(strings.Split(row[3], ","), "namespace")
		if row[2] == "histogram" {
			labels[row[1]+"_bucket"] = append(own, "le")
		} else {
			labels[row[1]] = own
		}
	}
	asked := 0
	for _, rule := range one[monitoring.PrometheusRule](t, render(t, "self-managed", "", "monitoring")).Spec.Groups[0].Rules {
		if !strings.HasPrefix(rule.Alert, "Pinhook") || rule.For == nil || rule.Annotations["summary"] == "" ||
			len(rule.Annotations["description"]) < 100 {
			t.Errorf("alert %s: a name, a time, a summary or what to do is missing", rule.Alert)
		}
		if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("alert %s: severity %q", rule.Alert, severity)
		}
		expression, err := parser.ParseExpr(rule.Expr.String())
		if err != nil {
			t.Fatal(err)
		}
		parser.Inspect(expression, func(n parser.Node, _ []parser.Node) error {
			switch n := n.(type) {
			case *parser.VectorSelector:
				asked++
				own, is := labels[n.Name]
				if !is {
					t.Errorf("alert %s: there is no metric %s", rule.Alert, n.Name)
				}
				for _, m := range n.LabelMatchers {
					if m.Name != "__name__" && !slices.Contains(own, m.Name) {
						t.Errorf("alert %s: %s has no label %s", rule.Alert, n.Name, m.Name)
					}
				}
			case *parser.AggregateExpr:
				for _, by := range n.Grouping {
					parser.Inspect(n.Expr, func(inner parser.Node, _ []parser.Node) error {
						if v, is := inner.(*parser.VectorSelector); is && !slices.Contains(labels[v.Name], by) {
							t.Errorf("alert %s: %s has no label %s", rule.Alert, v.Name, by)
						}
						return nil
					})
				}
			}
			return nil
		})
	}
	if asked < 10 {
		t.Errorf("only %d metrics are asked", asked)
	}
}
