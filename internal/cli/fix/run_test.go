package fix

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
)

// run completes the files at paths and returns what is written.
func run(t *testing.T, o Options, stdin string, paths ...string) (stdout, stderr string, err error) {
	t.Helper()
	o.Source = offline.Source{Paths: paths, Namespace: "default", Config: o.Config}
	var out, errs strings.Builder
	err = Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(stdin), Out: &out, Err: &errs})
	return out.String(), errs.String(), err
}

// copied returns the path of a copy of testdata/mesh.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/mesh")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRunPrintsTheFiles: comments, order and style stay; what is only missing is filled in.
func TestRunPrintsTheFiles(t *testing.T) {
	stdout, stderr, err := run(t, Options{}, "", "testdata/mesh")
	if err != nil || stderr != "" {
		t.Errorf("%v, %s", err, stderr)
	}
	golden.Equal(t, "testdata/printed.golden", stdout)

	again, _, err := run(t, Options{}, stdout, "-")
	if err != nil || again != stdout {
		t.Errorf("from standard input, completed already: %v, got\n%s", err, again)
	}
}

func TestRunPrintsADiff(t *testing.T) {
	dir := copied(t)
	stdout, stderr, err := run(t, Options{Diff: true}, "", dir)
	if err != nil || stderr != "" {
		t.Errorf("%v, %s", err, stderr)
	}
	golden.Equal(t, "testdata/diff.golden", strings.ReplaceAll(stdout, dir, "mesh"))
	if read(t, filepath.Join(dir, "entry.yaml")) != read(t, "testdata/mesh/entry.yaml") {
		t.Error("--diff alone writes files")
	}
}

func TestRunWritesTheFiles(t *testing.T) {
	dir := copied(t)
	printed, _, err := run(t, Options{}, "", dir)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, Options{InPlace: true}, "", dir)
	if err != nil || stdout != "" || stderr != "tlsward: changed 3 of 4 files\n" {
		t.Errorf("%v, stdout %q, stderr %q", err, stdout, stderr)
	}
	if after, _, err := run(t, Options{}, "", dir); err != nil || after != printed {
		t.Errorf("%v, in the files is\n%s\nwant what was printed\n%s", err, after, printed)
	}
	stdout, stderr, err = run(t, Options{InPlace: true, Diff: true}, "", dir)
	if err != nil || stdout != "" || stderr != "tlsward: changed 0 of 4 files\n" {
		t.Errorf("the second time: %v, stdout %q, stderr %q", err, stdout, stderr)
	}
}

func TestRunWritesTheFilesAndPrintsADiff(t *testing.T) {
	dir := copied(t)
	stdout, stderr, err := run(t, Options{InPlace: true, Diff: true}, "", filepath.Join(dir, "entry.yaml"))
	if err != nil || stderr != "tlsward: changed 1 of 1 files\n" || !strings.Contains(stdout, "+    targetPort: 443\n") {
		t.Errorf("%v, stdout %q, stderr %q", err, stdout, stderr)
	}
	if !strings.Contains(read(t, filepath.Join(dir, "entry.yaml")), "    targetPort: 443\n") {
		t.Error("the file is as it was")
	}
}

// alias cannot be edited: the port is written elsewhere.
const alias = `x: &ports [{number: 80, name: http, protocol: HTTP}]
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b}
spec: {hosts: [b.example], ports: *ports, resolution: DNS}
`

func TestRunWritesNothingIfOneDocumentCannotBeEdited(t *testing.T) {
	dir := copied(t)
	for _, name := range []string{"p.yaml", "q.yaml"} {
		text := strings.ReplaceAll(alias, "name: b}", "name: "+strings.TrimSuffix(name, ".yaml")+"}")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := run(t, Options{InPlace: true}, "", dir)
	for _, want := range []string{"p.yaml:1: ", "q.yaml:1: ", "ports is an alias"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if read(t, filepath.Join(dir, "entry.yaml")) != read(t, "testdata/mesh/entry.yaml") {
		t.Error("another file was written")
	}
}

func TestRunCannotFix(t *testing.T) {
	tests := []struct {
		name  string
		o     Options
		stdin string
		path  string
		want  string
	}{
		{"standard input in place", Options{InPlace: true}, "", "-", "--in-place: standard input is no file"},
		{"no such file", Options{}, "", "testdata/none.yaml", "testdata/none.yaml"},
		{"no YAML", Options{}, "a: b\n\tc", "-", "standard input:2: "},
		{"an object that cannot be read", Options{}, `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: {hosts: 3}}`, "-",
			"standard input:1: ServiceEntry default/a: spec"},
		{"a broken configuration", Options{Source: offline.Source{Config: "testdata/mesh/entry.yaml"}}, "", "testdata/mesh", "testdata/mesh/entry.yaml:4: metadata: unknown field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, _, err := run(t, test.o, test.stdin, test.path)
			if err == nil || !strings.Contains(err.Error(), test.want) || stdout != "" {
				t.Errorf("got %v and %q, want %q", err, stdout, test.want)
			}
		})
	}
}

func TestRunTakesTheConfigurationsMutations(t *testing.T) {
	config := filepath.Join(t.TempDir(), "tlsward.yaml")
	text := "apiVersion: tlsward.io/v1alpha1\nkind: Config\nmutation: {upgrades: [{port: 80, targetPort: 8443}]}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, _, err := run(t, Options{Source: offline.Source{Config: config}}, "", "testdata/mesh/entry.yaml")
	if err != nil || !strings.Contains(stdout, "    targetPort: 8443\n") {
		t.Errorf("%v, got\n%s", err, stdout)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRunReturnsTheErrorOfTheOutput(t *testing.T) {
	for _, o := range []Options{{}, {Diff: true}, {Diff: true, InPlace: true}} {
		dir := copied(t)
		o.Source = offline.Source{Paths: []string{dir}, Namespace: "default"}
		if err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: failing{}, Err: failing{}}); err == nil || err.Error() != "disk full" {
			t.Errorf("%+v: got %v", o, err)
		}
		if read(t, filepath.Join(dir, "entry.yaml")) != read(t, "testdata/mesh/entry.yaml") {
			t.Errorf("%+v: wrote what nobody saw", o)
		}
	}
}
