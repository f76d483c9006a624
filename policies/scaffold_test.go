package policies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAScaffoldPassesAsItIs(t *testing.T) {
	dir := t.TempDir()
	written, err := WriteScaffold(dir, "owned-entries")
	if err != nil || len(written) != 3 {
		t.Fatalf("wrote %v, %v, want three files", written, err)
	}
	report, err := Test(t.Context(), Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Tests) != 3 || len(report.Failed()) != 0 || report.Coverage != 100 {
		t.Errorf("%d tests, failed %v, coverage %.1f%%, not covered %v", len(report.Tests), report.Failed(), report.Coverage, report.Uncovered)
	}
	e := engine(t, Dir(dir))
	in := review("", "")
	in.Request.Kind = "ServiceEntry"
	if deny, _ := evaluate(t, e, in); len(deny) != 1 || deny[0] != "owned-entries" {
		t.Errorf("denied by %v, want owned-entries", deny)
	}
}

func TestAScaffoldWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine", "suite.yaml")
	if err := os.MkdirAll(filepath.Dir(mine), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if written, err := WriteScaffold(dir, "mine"); err == nil || !strings.Contains(err.Error(), mine+" is there already") || written != nil {
		t.Errorf("got %v, %v", written, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(mine)); len(entries) != 1 {
		t.Errorf("files were written all the same: %v", entries)
	}
	for _, id := range []string{"", "Mine", "../mine", "mine_too", "-mine"} {
		if _, err := Scaffold(id); err == nil {
			t.Errorf("%q passes for an id", id)
		}
	}
}
