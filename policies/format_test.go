package policies

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// `opa fmt` has nothing to change. -update writes what it would.
func TestRegoIsFormatted(t *testing.T) {
	err := filepath.WalkDir("rego", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".rego" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := format.SourceWithOpts(path, text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return err
		}
		switch {
		case string(want) == string(text):
		case *update:
			return os.WriteFile(path, want, 0o644)
		default:
			t.Errorf("%s is not formatted; run: go test ./policies -run TestRegoIsFormatted -update", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
