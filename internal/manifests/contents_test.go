package manifests

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// isService is what counts in these tests.
func isService(head Head) bool { return head.APIVersion == "v1" && head.Kind == "Service" }

func TestReadContentsOfARepository(t *testing.T) {
	const brokenYAML = "apiVersion: v1\nkind: Service\nmetadata: {name: a\nspec: b\n"
	tests := []struct {
		name     string
		files    map[string]string
		names    []string // of the objects
		passedBy []string // beginnings, below the directory
		broken   []string
	}{
		{"an object", map[string]string{"a.yaml": object("a")}, []string{"a"}, nil, nil},
		{"values", map[string]string{"a.yaml": object("a"), "values.yaml": "replicas: 1\n"}, []string{"a"}, []string{"values.yaml:1: "}, nil},
		{"a list, a word, a number", map[string]string{"a.yaml": "- a\n", "b.yaml": "b", "c.json": "3"}, nil,
			[]string{"a.yaml:1: ", "b.yaml:1: ", "c.json:1: "}, nil},
		{"JSON with comments", map[string]string{"tsconfig.json": "{\n// why\n\"a\": {{}\n}"}, nil, []string{"tsconfig.json:"}, nil},
		{"values beside an object in one file", map[string]string{"a.yaml": "a: b\n---\n" + object("a")}, []string{"a"}, []string{"a.yaml:1: "}, nil},
		{"a template that is no YAML", map[string]string{"a.yaml": "apiVersion: v1\nkind: Service\n{{- if .Values.on }}\nmetadata: {name: a}\n{{- end }}\n"}, nil,
			[]string{"a.yaml:"}, nil},
		{"a template that is YAML", map[string]string{"chart/Chart.yaml": "apiVersion: v2\nname: c\n", "chart/templates/sub/a.yaml": object(`"{{ .Values.name }}"`),
			"chart/crds/b.yaml": object("b"), "chart/templates.yaml": object("c")}, []string{"b", "c"}, []string{"chart/Chart.yaml:1: ", "chart/templates/sub/a.yaml: a Helm template"}, nil},
		{"templates of no chart", map[string]string{"templates/a.yaml": object("a")}, []string{"a"}, nil, nil},
		{"patches of a kustomization", map[string]string{
			"o/kustomization.yaml": "patches:\n- path: a.yaml\n- patch: '[]'\npatchesStrategicMerge: [./b.yaml]\npatchesJson6902: [{path: c.yaml}]\nresources: [d.yaml]\n",
			"o/a.yaml":             object("a"), "o/b.yaml": object("b"), "o/c.yaml": object("c"), "o/d.yaml": object("d")}, []string{"d"},
			[]string{"o/a.yaml: a patch of ", "o/b.yaml: a patch of ", "o/c.yaml: a patch of ", "o/kustomization.yaml:1: "}, nil},
		{"broken YAML of what counts, and its neighbour", map[string]string{"a.yaml": brokenYAML, "b.yaml": object("b")}, []string{"b"}, nil, []string{"a.yaml:"}},
		{"broken JSON of what counts", map[string]string{"a.json": "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Service\",\n"}, nil, nil, []string{"a.json:"}},
		{"broken YAML of what does not", map[string]string{"a.yaml": strings.Replace(brokenYAML, "Service", "Pod", 1)}, nil, []string{"a.yaml:"}, nil},
		{"a broken field of the head", map[string]string{"a.yaml": object("[a]")}, nil, nil, []string{"a.yaml:3: field metadata.name: "}},
		{"a repeated key", map[string]string{"a.yaml": object("a") + "kind: Service\n"}, nil, nil, []string{`a.yaml:4: kind is there twice`}},
		{"a broken list", map[string]string{"a.yaml": "apiVersion: v1\nkind: List\nitems: 3\n", "b.yaml": "apiVersion: v1\nkind: ServiceList\nitems: 3\n"}, nil, nil,
			[]string{"a.yaml:3: ", "b.yaml:3: "}},
		{"an item that is none", map[string]string{"a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- {kind: Service}\n"},
			[]string{"a"}, []string{"a.yaml:5: "}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := write(t, test.files)
			files, err := Files(nil, dir)
			if err != nil {
				t.Fatal(err)
			}
			c := ReadContents(files, isService)
			if got := names(c.Documents); !slices.Equal(got, test.names) {
				t.Errorf("objects %q, want %q", got, test.names)
			}
			begin(t, "passed by", dir, c.PassedBy, test.passedBy)
			begin(t, "broken", dir, c.Broken, test.broken)
		})
	}
}

// begin compares texts with their beginnings.
func begin[T any](t *testing.T, what, dir string, got []T, want []string) {
	t.Helper()
	var texts []string
	for _, g := range got {
		texts = append(texts, strings.TrimPrefix(fmt.Sprint(g), dir+string(filepath.Separator)))
	}
	slices.Sort(texts)
	if !slices.EqualFunc(texts, want, strings.HasPrefix) {
		t.Errorf("%s: %q, want %q", what, texts, want)
	}
}

func TestANamedFileMustHoldObjects(t *testing.T) {
	dir := write(t, map[string]string{"values.yaml": "replicas: 1\n", "Chart.yaml": "name: c\n", "templates/a.yaml": object("a")})
	files, err := Files(nil, filepath.Join(dir, "values.yaml"), filepath.Join(dir, "templates", "a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c := ReadContents(files, isService)
	if len(c.Broken) != 1 || len(c.PassedBy) != 0 || !slices.Equal(names(c.Documents), []string{"a"}) {
		t.Errorf("got %+v", c)
	}
}

// A revision is read as its directory would be.
func TestARevisionMayHoldAnything(t *testing.T) {
	dir := t.TempDir()
	commit(t, dir, "kustomization.yaml", "patches: [{path: p.yaml}]\n", "p.yaml", object("p"), "a.yaml", object("a"), "values.yaml", "a: b\n")
	t.Chdir(dir)
	files, err := Revision(t.Context(), "HEAD", ".")
	if err != nil {
		t.Fatal(err)
	}
	c := ReadContents(files, isService)
	if !slices.Equal(names(c.Documents), []string{"a"}) || len(c.PassedBy) != 3 || len(c.Broken) != 0 {
		t.Errorf("got %+v", c)
	}
}
