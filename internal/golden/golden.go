// Package golden compares what a test got with a file that holds what it wants. `go test PACKAGE -update` writes the
// files; the difference is then reviewed as any change is.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/tlsward/tlsward/internal/diff"
	"github.com/tlsward/tlsward/internal/terminal"
)

var update = flag.Bool("update", false, "write the golden files of the tests that run")

// Equal fails the test if got is not the text of the file at path.
func Equal(t testing.TB, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if changes := diff.Unified(path, string(want), got, terminal.Style{}); changes != "" {
		t.Errorf("not as the golden file has it (-want +got):\n%s", changes)
	}
}
