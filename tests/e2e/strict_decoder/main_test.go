package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One document, well made; faults are put into it.
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx
          ports:
            - containerPort: 80
`

const rule = `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: web}
spec:
  groups:
    - name: web
      rules:
        - alert: Down
          expr: absent(up == 1)
          for: 2m
          annotations:
            summary: '{{ $value | humanize }} are down'
`

func output(t *testing.T, text string) (status int, out string) {
	t.Helper()
	var stdout, stderr strings.Builder
	status = run(strings.NewReader(text), &stdout, &stderr)
	return status, stdout.String() + stderr.String()
}

func TestAcceptsWhatIsRight(t *testing.T) {
	status, out := output(t, "# a comment alone\n---\n"+deployment+"---\n"+rule+"---\n"+`apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own}
spec: {selfSigned: {}}
`)
	want := "ok    document 1: apps/v1 Deployment shop/web\n" +
		"ok    document 2: monitoring.coreos.com/v1 PrometheusRule web\n" +
		"ok    document 3: cert-manager.io/v1 Issuer own\n"
	if status != 0 || out != want {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestRefusesFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, from, to, says string }{
		"unknown field":         {deployment, "replicas: 2", "replica: 2", `unknown field "spec.replica"`},
		"deep unknown field":    {deployment, "containerPort: 80", "containerPort: 80\n              hostports: 1", `unknown field "spec.template.spec.containers[0].ports[0].hostports"`},
		"field in another case": {deployment, "replicas: 2", "Replicas: 2", `unknown field "spec.Replicas"`},
		"field one level off":   {deployment, "spec:\n  replicas: 2", "replicas: 2\nspec:", `unknown field "replicas"`},
		"duplicate field":       {deployment, "replicas: 2", "replicas: 2\n  replicas: 3", `key "replicas" already set`},
		"value of another type": {deployment, "replicas: 2", "replicas: two", "spec.replicas"},
		"unknown kind":          {deployment, "kind: Deployment", "kind: Deploymnet", `no kind "Deploymnet"`},
		"unknown version":       {deployment, "apps/v1", "apps/v1beta9", `"apps/v1beta9"`},
		"no kind":               {deployment, "kind: Deployment\n", "", "(no kind)"},
		"no YAML":               {deployment, "metadata:", "metadata: {", "yaml"},
		"list":                  {"apiVersion: v1\nkind: List\nitems: []\n", "", "", "documents of their own"},
		"PromQL":                {rule, "absent(up == 1)", "absent(up == 1", "unclosed left parenthesis"},
		"unknown function":      {rule, "absent(up == 1)", "abscent(up)", `unknown function with name "abscent"`},
		"template":              {rule, "humanize", "humanise", `function "humanise" not defined`},
		"duration":              {rule, "for: 2m", "for: 2 minutes", "unknown unit"},
		"rule's unknown field":  {rule, "for: 2m", "after: 2m", `unknown field "spec.groups[0].rules[0].after"`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(c.text, c.from, c.to, 1)
			if c.from != "" && text == c.text {
				t.Fatal("the fault was not put in")
			}
			// A valid document comes before and after: they are judged all the same.
			status, out := output(t, deployment+"---\n"+text+"---\n"+rule)
			if status != 1 || !strings.Contains(out, "FAULT document 2: ") || !strings.Contains(out, c.says) {
				t.Errorf("status %d, %q is missing:\n%s", status, c.says, out)
			}
			if strings.Count(out, "ok    ") != 2 {
				t.Errorf("the other documents:\n%s", out)
			}
		})
	}
}

func TestNamesEveryFaultOfADocument(t *testing.T) {
	text := strings.Replace(deployment, "replicas: 2", "replica: 2\n  pause: true", 1)
	status, out := output(t, text)
	want := "FAULT document 1: apps/v1 Deployment shop/web: unknown field \"spec.pause\"\n" +
		"FAULT document 1: apps/v1 Deployment shop/web: unknown field \"spec.replica\"\n"
	if status != 1 || out != want {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestRefusesNothing(t *testing.T) {
	for _, text := range []string{"", "# a comment\n", "---\n---\n"} {
		if status, out := output(t, text); status != 1 || !strings.Contains(out, "no documents") {
			t.Errorf("%q: status %d: %s", text, status, out)
		}
	}
}

func TestSaysThatStdinCannotBeRead(t *testing.T) {
	closed, err := os.Create(filepath.Join(t.TempDir(), "closed"))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	var out, errors strings.Builder
	if status := run(closed, &out, &errors); status != 2 || !strings.Contains(errors.String(), "closed") {
		t.Errorf("status %d: %s", status, errors.String())
	}
}
