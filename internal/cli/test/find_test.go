package test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const emptySuite = "apiVersion: tlsward.io/v1alpha1\nkind: Suite\nmetadata: {name: NAME}\ncases:\n- {name: a, review: {object: {}}, expect: {decision: allow}}\n"

// tree writes files and returns their directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func suite(name string) string { return strings.Replace(emptySuite, "NAME", name, 1) }

func TestFind(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.yaml":              suite("a"),
		"below/b.yaml":        "kind: ConfigMap\napiVersion: v1\n---\n" + suite("b"),
		"below/c.json":        `{"apiVersion": "tlsward.io/v1alpha1", "kind": "Suite", "metadata": {"name": "c"}, "cases": [{"name": "a", "review": {"object": {}}, "expect": {"decision": "allow"}}]}`,
		"below/values.yaml":   "{{ this is a template, and no YAML }}\n",
		"below/other.yaml":    strings.Replace(suite("other"), "tlsward.io/v1alpha1", "example.com/v1", 1),
		"policy.rego":         "package tlsward.mine\n",
		"below/x_test.rego":   "package tlsward.mine_test\n",
		".hidden/policy.rego": "package tlsward.hidden\n",
		".hidden.rego":        "package tlsward.hidden\n",
	})
	tests := []struct {
		name   string
		stdin  string
		paths  []string
		suites []string
		rego   []string
	}{
		{"a directory", "", []string{dir}, []string{"a", "b", "c"}, []string{"below/x_test.rego", "policy.rego"}},
		{"a Suite", "", []string{dir + "/a.yaml"}, []string{"a"}, nil},
		{"a Rego file", "", []string{dir + "/policy.rego"}, nil, []string{"policy.rego"}},
		{"standard input", suite("stdin"), []string{"-"}, []string{"stdin"}, nil},
		{"several", suite("stdin"), []string{dir + "/policy.rego", "-", dir + "/below/c.json"}, []string{"stdin", "c"}, []string{"policy.rego"}},
		{"nothing", "", nil, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := Find(strings.NewReader(test.stdin), test.paths...)
			if err != nil {
				t.Fatal(err)
			}
			var suites []string
			for _, s := range found.Suites {
				suites = append(suites, s.Name)
			}
			if !slices.Equal(suites, test.suites) {
				t.Errorf("Suites %v, want %v", suites, test.suites)
			}
			var rego []string
			for _, name := range slices.Sorted(maps.Keys(found.Rego)) {
				relative, err := filepath.Rel(dir, name)
				if err != nil {
					t.Fatal(err)
				}
				rego = append(rego, relative)
			}
			if !slices.Equal(rego, test.rego) {
				t.Errorf("Rego %v, want %v", rego, test.rego)
			}
		})
	}
}

func TestFindFollowsALinkThatIsNamed(t *testing.T) {
	dir := tree(t, map[string]string{"policy.rego": "package tlsward.mine\n"})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(nil, link); err != nil || len(found.Rego) != 1 {
		t.Errorf("%v, found %v", err, found.Rego)
	}
}

func TestFindTakesTheDataOfBundles(t *testing.T) {
	found, err := Find(nil, "testdata/bundle")
	if err != nil || found.Data["words"] == nil {
		t.Errorf("%v, data %v", err, found.Data)
	}
}

func TestFindNamesAllThatIsWrong(t *testing.T) {
	bundle := map[string]string{"one/.manifest": `{"roots": ["words"]}`, "one/data.json": `{"words": 1}`,
		"two/.manifest": `{"roots": ["words"]}`, "two/data.json": `{"words": 2}`}
	broken := strings.Replace(suite("x"), "allow", "perhaps", 1)
	tests := []struct {
		name  string
		paths []string
		want  []string
	}{
		{"no such paths", []string{"none", "none.rego"}, []string{"none: no such file", "none.rego: no such file"}},
		{"broken Suites", []string{tree(t, map[string]string{"a.yaml": broken, "b.yaml": broken})}, []string{"a.yaml:5: ", "b.yaml:5: "}},
		{"broken YAML", []string{tree(t, map[string]string{"a.yaml": "apiVersion: tlsward.io/v1alpha1\nkind: Suite\n\tx"})}, []string{"a.yaml:3: "}},
		{"the same data twice", []string{tree(t, bundle)}, []string{"two: another bundle brings data.words too"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := Find(nil, test.paths...)
			err = errors.Join(append(found.Broken, err)...)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %v", want, err)
				}
			}
		})
	}
}

// TestPoliciesAreThoseThatAreNotBuiltIn: a checkout of the program holds the built-in ones, too.
func TestPoliciesAreThoseThatAreNotBuiltIn(t *testing.T) {
	found := Found{Rego: map[string]string{
		"mine.rego":      "# a comment\npackage tlsward.mine\n",
		"mine_test.rego": "package tlsward.mine_test\n",
		"builtin.rego":   "package tlsward.plaintext_egress\n",
		"nothing.rego":   "# no package\n",
	}}
	own, err := found.Policies()
	if err != nil || len(own) != 1 || own["mine.rego"] == "" {
		t.Errorf("%v, got %v", err, own)
	}
}
