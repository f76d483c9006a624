package manifests

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func object(name string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\n"
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(docs []Document) []string {
	var out []string
	for _, d := range docs {
		out = append(out, d.Head.Metadata.Name)
	}
	return out
}

func TestReadWalksDirectories(t *testing.T) {
	dir := write(t, map[string]string{
		"b.yml":             object("b"),
		"a.yaml":            object("a"),
		"c/d/deep.json":     `{"apiVersion":"v1","kind":"Service","metadata":{"name":"deep"}}`,
		"notes.txt":         "not: [a manifest",
		".hidden.yaml":      "not: [a manifest",
		".git/x.yaml":       "not: [a manifest",
		"mounted/..data/x":  "not: [a manifest",
		"mounted/link.yaml": object("real"),
	})
	if err := os.Symlink(filepath.Join(dir, "b.yml"), filepath.Join(dir, "z.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "circle.yaml")); err != nil {
		t.Fatal(err)
	}
	docs, err := Read(nil, filepath.Join(dir, "b.yml"), dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(docs), []string{"b", "a", "deep", "real", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	docs, err = Read(nil, filepath.Join(dir, "circle.yaml"))
	if err != nil || len(docs) != 5 {
		t.Errorf("a link to the directory: %v, %v", names(docs), err)
	}
}

func TestReadStandardInput(t *testing.T) {
	docs, err := Read(strings.NewReader(object("a")), "-")
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 1 || docs[0].Where() != "standard input:1" {
		t.Errorf("got %v", docs)
	}
}

func TestReadReportsEveryPathThatIsWrong(t *testing.T) {
	dir := write(t, map[string]string{"bad.yaml": "kind: A\n", "good.yaml": object("a")})
	_, err := Read(nil, dir, filepath.Join(dir, "good.yaml"))
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "bad.yaml")+":1: ") {
		t.Errorf("got %v, want bad.yaml:1 named", err)
	}
	_, err = Read(nil, filepath.Join(dir, "x.yaml"), filepath.Join(dir, "y.yaml"))
	if err == nil || !strings.Contains(err.Error(), "x.yaml") || !strings.Contains(err.Error(), "y.yaml") {
		t.Errorf("got %v, want both missing files named", err)
	}
}

// endless is an input that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReadBoundsItsInput(t *testing.T) {
	if _, err := readAll("f", io.Reader(endless{})); err == nil {
		t.Error("want an error for an input without end")
	}
}
