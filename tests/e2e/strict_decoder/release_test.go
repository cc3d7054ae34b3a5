package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	image  = "ghcr.io/pinhook/pinhook"
	digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	other  = "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

	none = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

	kustomization = "kustomize/base/kustomization.yaml"
	labels        = "kustomize/labels/kustomization.yaml"
	values        = "helm/pinhook/values.yaml"
	chart         = "helm/pinhook/Chart.yaml"
)

// Manifests of its own for the script, not those of the tree, which change.
func manifests(t *testing.T, more map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		kustomization: "# head\nresources:\n  - webhook.yaml\n\nimages:\n  - name: " + image + "\n    newTag: none # yet\n    digest: " + none + "\n  - name: other\n    newTag: keep\n",
		labels:        "labels:\n  - pairs:\n      app.kubernetes.io/name: pinhook\n      app.kubernetes.io/version: 0.1.0\n",
		values:        "image: \"\"  # name@sha256:…\nimagePullPolicy: \"\"\nother:\n  digest: keep\n",
		chart:         "name: pinhook\r\nversion: 0.1.0\r\nappVersion: 0.1.0\r\n",
	}
	for name, text := range more {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	script := read(t, "manifests/release")
	if err := os.WriteFile(filepath.Join(dir, "release"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func release(t *testing.T, dir, argument string) (code int, out string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	text, err := exec.Command(python, filepath.Join(dir, "release"), argument).CombinedOutput()
	if exit, is := err.(*exec.ExitError); is {
		return exit.ExitCode(), string(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(text)
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == "release" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestReleaseChangesTagAndDigestAlone(t *testing.T) {
	dir := manifests(t, nil)
	want := contents(t, dir)
	if code, out := release(t, dir, image+":0.2.0@"+digest); code != 0 || out != image+":0.2.0@"+digest+"\n" {
		t.Fatalf("exit code %d: %s", code, out)
	}
	want[kustomization] = strings.Replace(strings.Replace(want[kustomization], "newTag: none", "newTag: 0.2.0", 1), none, digest, 1)
	want[labels] = strings.Replace(want[labels], "0.1.0", "0.2.0", 1)
	want[values] = strings.Replace(want[values], `image: ""`, "image: "+image+":0.2.0@"+digest, 1)
	want[chart] = strings.ReplaceAll(want[chart], "ersion: 0.1.0", "ersion: 0.2.0")
	got := contents(t, dir)
	for name := range got {
		if got[name] != want[name] {
			t.Errorf("%s:\n%s", name, got[name])
		}
	}
	if info, err := os.Stat(filepath.Join(dir, values)); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode: %v %v", info.Mode(), err)
	}

	// The next one replaces it.
	if code, out := release(t, dir, image+":0.2.0-rc.1@"+other); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	for name, text := range contents(t, dir) {
		if want := strings.ReplaceAll(strings.ReplaceAll(want[name], "0.2.0", "0.2.0-rc.1"), digest, other); text != want {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestReleaseCheck(t *testing.T) {
	dir := manifests(t, nil)
	code, out := release(t, dir, "--check")
	if code != 1 || strings.Count(out, "no release is named") != 2 {
		t.Errorf("not pinned: exit code %d: %s", code, out)
	}
	release(t, dir, image+":0.2.0@"+digest)
	if code, out := release(t, dir, "--check"); code != 0 || out != image+":0.2.0@"+digest+"\n" {
		t.Errorf("pinned: exit code %d: %s", code, out)
	}
	for name, change := range map[string][2]string{
		kustomization: {digest, other},
		labels:        {"0.2.0", "0.3.0"},
		values:        {image, "example.com/pinhook"},
		chart:         {"0.2.0", "0.3.0"},
	} {
		pinned := contents(t, dir)
		text := strings.Replace(pinned[name], change[0], change[1], 1)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if code, out := release(t, dir, "--check"); code != 1 || !strings.Contains(out, name) {
			t.Errorf("%s differs: exit code %d: %s", name, code, out)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(pinned[name]), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReleaseChangesNothingWhenSomethingIsWrong(t *testing.T) {
	good := image + ":0.2.0@" + digest
	for name, c := range map[string]struct {
		files    map[string]string
		argument string
		says     string
	}{
		"no digest":              {nil, image + ":0.2.0", "is not <name>:<version>@sha256"},
		"no tag":                 {nil, image + "@" + digest, "is not <name>:<version>@sha256"},
		"short digest":           {nil, strings.TrimSuffix(good, "f"), "is not <name>:<version>@sha256"},
		"upper case":             {nil, image + ":0.2.0@" + strings.ToUpper(digest), "is not <name>:<version>@sha256"},
		"the digest of none":     {nil, image + ":0.2.0@" + none, "is not <name>:<version>@sha256"},
		"no semantic version":    {nil, image + ":1.10@" + digest, "is not <name>:<version>@sha256"},
		"leading zero":           {nil, image + ":01.1.0@" + digest, "is not <name>:<version>@sha256"},
		"unknown flag":           {nil, "--chek", "is not <name>:<version>@sha256"},
		"another image":          {nil, "example.com/pinhook:0.2.0@" + digest, "installs " + image},
		"no newTag":              {map[string]string{kustomization: "images:\n  - name: " + image + "\n    digest: x\n"}, good, "newTag is there 0 times"},
		"no digest of the image": {map[string]string{kustomization: "images:\n  - name: " + image + "\n    newTag: x\n"}, good, "digest is there 0 times"},
		"image twice":            {map[string]string{kustomization: "  - name: a/pinhook\n  - name: b/pinhook\n"}, good, "2 lines match"},
		"labels without version": {map[string]string{labels: "labels: []\n"}, good, "app.kubernetes.io/version is there 0 times"},
		"values without image":   {map[string]string{values: "replicas: 2\n"}, good, "image is there 0 times"},
		"a value that is a list": {map[string]string{values: "image: [a]b c\n"}, good, "not one plain value"},
		"no appVersion":          {map[string]string{chart: "version: 0.1.0\n"}, good, "appVersion is there 0 times"},
		"no version":             {map[string]string{chart: "appVersion: 0.1.0\n"}, good, "version is there 0 times"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := manifests(t, c.files)
			before := contents(t, dir)
			if code, out := release(t, dir, c.argument); code != 2 || !strings.Contains(out, c.says) {
				t.Errorf("exit code %d, %q is missing: %s", code, c.says, out)
			}
			for name, text := range contents(t, dir) {
				if text != before[name] {
					t.Errorf("%s was changed", name)
				}
			}
		})
	}
	t.Run("file missing", func(t *testing.T) {
		dir := manifests(t, nil)
		if err := os.Remove(filepath.Join(dir, chart)); err != nil {
			t.Fatal(err)
		}
		if code, out := release(t, dir, good); code != 2 || !strings.Contains(out, chart+": No such file") {
			t.Errorf("exit code %d: %s", code, out)
		}
	})
}

// The tree's own manifests have the shape that the script expects.
func TestReleaseKnowsTheManifests(t *testing.T) {
	more := map[string]string{}
	for _, name := range []string{kustomization, labels, values, chart} {
		text, err := os.ReadFile(filepath.Join(root, "manifests", name))
		if os.IsNotExist(err) {
			t.Skipf("%s is not there", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		more[name] = string(text)
	}
	dir := manifests(t, more)
	if code, out := release(t, dir, image+":9.8.7@"+digest); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if code, out := release(t, dir, "--check"); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	for name, text := range contents(t, dir) {
		was, is := strings.Count(more[name], "\n"), strings.Count(text, "\n")
		if is != was {
			t.Errorf("%s: %d lines became %d", name, was, is)
		}
	}
}
