package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository writes a repository as people have it, with more files, and returns its directory.
func repository(t *testing.T, more map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"mesh/entry.yaml":            read(t, "testdata/mesh/entry.yaml"),
		"mesh/rule.json":             read(t, "testdata/mesh/rule.json"),
		"chart/Chart.yaml":           "apiVersion: v2\nname: c\nversion: 1.0.0\n",
		"chart/values.yaml":          "replicas: 1\n",
		"chart/templates/entry.yaml": "{{- if .Values.on }}\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n{{- end }}\n",
		"package.json":               `{"name": "a"}`,
		"suite.yaml":                 read(t, "../../internal/cli/test/testdata/suites/passes.yaml"),
	}
	for name, text := range more {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, text)
	}
	return dir
}

func TestCommandsWalkARepository(t *testing.T) {
	dir := repository(t, nil)
	for command, want := range map[string]struct{ stdout, stderr string }{
		"check":                      {"3 objects checked: 0 denials, 0 warnings\n", "tlsward: passed by 4 documents that are no Kubernetes objects (-v names them)\n"},
		"check -v":                   {"3 objects checked", "tlsward: passed by: " + filepath.Join(dir, "chart/templates/entry.yaml") + ": a Helm template\n"},
		"fix":                        {"targetPort: 443", "passed by 4 documents"},
		"report":                     {"edition.cnn.com", "passed by 4 documents"},
		"explain edition.cnn.com:80": {"edition.cnn.com", "passed by 4 documents"},
		"test":                       {"2 passed, 0 failed\n", ""},
	} {
		name, rest, _ := strings.Cut(command, " ")
		args := append([]string{name, dir}, strings.Fields(rest)...)
		if got := tlsward(t, "", args...); got.code != exitOK || !strings.Contains(got.stdout, want.stdout) || !strings.Contains(got.stderr, want.stderr) {
			t.Errorf("%s: got %+v", command, got)
		}
	}
}

func TestABrokenObjectLeavesTheOthersJudged(t *testing.T) {
	dir := repository(t, map[string]string{
		"broken.yaml":  "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a\nspec: b\n",
		"wrong.yaml":   "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspec: 3\n",
		"denied.yaml":  read(t, "testdata/denied.yaml"),
		"asuite.yaml":  "apiVersion: tlsward.io/v1alpha1\nkind: Suite\nmetadata: {name: a}\ncases: 3\n",
		"another.yaml": "kind: ServiceEntry\n",
	})
	for command, want := range map[string]struct {
		stdout string
		broken []string
	}{
		"check":                      {": deny plaintext-egress ", []string{"broken.yaml:", "wrong.yaml:4: Sidecar default/a: spec"}},
		"check -o json":              {`"action": "deny"`, []string{"broken.yaml:", "wrong.yaml:4:"}},
		"report":                     {"edition.cnn.com", []string{"broken.yaml:", "wrong.yaml:4:"}},
		"explain edition.cnn.com:80": {"edition.cnn.com", []string{"broken.yaml:", "wrong.yaml:4:"}},
		"test":                       {"2 passed, 0 failed\n", []string{"asuite.yaml:4: "}},
		"fix --in-place":             {"", []string{"broken.yaml:", "wrong.yaml:4:"}},
	} {
		name, rest, _ := strings.Cut(command, " ")
		got := tlsward(t, "", append([]string{name, dir}, strings.Fields(rest)...)...)
		if got.code != exitFailed || !strings.Contains(got.stdout, want.stdout) {
			t.Errorf("%s: got %+v", command, got)
		}
		for _, broken := range want.broken {
			if !strings.Contains(got.stderr, filepath.Join(dir, broken)) {
				t.Errorf("%s does not name %s: %s", command, broken, got.stderr)
			}
		}
	}
	if read(t, filepath.Join(dir, "mesh/entry.yaml")) != read(t, "testdata/mesh/entry.yaml") {
		t.Error("a file was completed beside an object that could not be read")
	}
}
