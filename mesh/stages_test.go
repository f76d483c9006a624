package mesh

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The package is written in stages, and each file is named after its own. A file uses what its stage or an earlier one
// declares, never what a later one does: docs/adr/0013-stages-of-one-package.md.
func TestStagesLookBackOnly(t *testing.T) {
	fset := token.NewFileSet()
	files := parseStages(t, fset)
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importStages{importer.ForCompiler(fset, "source", nil)}, Error: func(error) {}}
	pkg, _ := config.Check("mesh", fset, files, &info)
	checked := 0
	for use, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			continue
		}
		from, to := fset.Position(use.Pos()), fset.Position(object.Pos())
		checked++
		if stageOf(from.Filename) < stageOf(to.Filename) {
			t.Errorf("%s uses %s, which a later stage declares (%s)", from, use.Name, filepath.Base(to.Filename))
		}
	}
	if checked < 5000 {
		t.Errorf("only %d uses were looked at", checked)
	}
}

// parseStages reads the package without its tests; doc.go declares nothing.
func parseStages(t *testing.T, fset *token.FileSet) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "doc.go" {
			continue
		}
		if stageOf(name) < 0 {
			t.Errorf("%s is named after no stage", name)
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// stageOf returns the place of a file's stage in their order, -1 where it is named after none.
func stageOf(name string) int {
	stage, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".go"), "_")
	return slices.Index([]string{"objects", "model", "proxy", "egress", "review"}, stage)
}

// importStages reads what the package itself imports, save for the generated types of other modules: those have an empty
// package, for nothing of a later stage can be behind them.
type importStages struct{ source types.Importer }

func (i importStages) Import(path string) (*types.Package, error) {
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") || strings.Contains(path, "/tlsward/") {
		return i.source.Import(path)
	}
	name := filepath.Base(path)
	if strings.HasPrefix(name, "v1") {
		name = filepath.Base(filepath.Dir(path))
	}
	p := types.NewPackage(path, name)
	p.MarkComplete()
	return p, nil
}
