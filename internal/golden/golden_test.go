package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder is a test whose failures are recorded.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(_ string, args ...any) { r.failures = append(r.failures, args[0].(string)) }

func TestEqual(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.golden")
	if err := os.WriteFile(path, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &recorder{TB: t}
	Equal(r, path, "a\nb\n")
	if len(r.failures) > 0 {
		t.Errorf("the same text fails: %s", r.failures)
	}
	Equal(r, path, "a\nc\n")
	if len(r.failures) != 1 || !strings.HasSuffix(r.failures[0], " a\n-b\n+c\n") {
		t.Errorf("another text: %q", r.failures)
	}
}

func TestUpdateWritesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.golden")
	*update = true
	defer func() { *update = false }()
	Equal(t, path, "new\n")
	if text, err := os.ReadFile(path); err != nil || string(text) != "new\n" {
		t.Errorf("got %q, %v", text, err)
	}
}
