package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/cli/offline"
)

// mendable are files whose denial has a fix that changes one of them, and a warning whose fix adds an object.
const (
	mendableEntry = "# Überall.\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: pay, namespace: shop}\n" +
		"spec:\n  hosts: [pay.example.com]\n  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]\n  resolution: DNS\n"
	mendableRule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: pay, namespace: shop}\n" +
		"spec:\n  host: pay.example.com\n  trafficPolicy:\n    tls: {mode: DISABLE} # für jetzt"
	mendableOther = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: other, namespace: shop}\n" +
		"spec:\n  hosts: [other.example.com]\n  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]\n  resolution: DNS\n"
)

// sarifOf returns the log of `tlsward check -o sarif` of files.
func sarifOf(t *testing.T, dir string) map[string]any {
	t.Helper()
	stdout, _, _ := run(t, Options{Source: offline.Source{Paths: []string{dir}}, Output: "sarif", Version: "v1"}, "")
	var log map[string]any
	if err := json.Unmarshal([]byte(stdout), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func resultsOf(log map[string]any) (results []map[string]any) {
	for _, r := range log["runs"].([]any)[0].(map[string]any)["results"].([]any) {
		results = append(results, r.(map[string]any))
	}
	return results
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A denial's fixes are well formed, and make of the files what the fix says: with them nothing of it is found.
func TestSARIFHasFixes(t *testing.T) {
	dir := writeFiles(t, map[string]string{"entry.yaml": mendableEntry, "rule.yaml": mendableRule, "other.yaml": mendableOther})
	rules := map[string]bool{}
	for _, r := range resultsOf(sarifOf(t, dir)) {
		fixes, ok := r["fixes"].([]any)
		if !ok || len(fixes) != 1 {
			t.Fatalf("%v has %d fixes", r["ruleId"], len(fixes))
		}
		checkFix(t, fixes[0])
		rules[r["ruleId"].(string)] = true
		mended := writeFiles(t, made(t, dir, fixes[0].(map[string]any)))
		for _, again := range resultsOf(sarifOf(t, mended)) {
			if again["ruleId"] == r["ruleId"] {
				t.Errorf("%v is found after its fix", r["ruleId"])
			}
		}
	}
	if want := []string{"plaintext-egress", "tls-pending"}; !slices.Equal(slices.Sorted(maps.Keys(rules)), want) {
		t.Errorf("found %v, want %v", rules, want)
	}
}

// made returns all files of a directory by name, with a fix made by its replacements, as the specification defines them.
func made(t *testing.T, dir string, fix map[string]any) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{"entry.yaml", "rule.yaml", "other.yaml"} {
		files[name] = read(t, filepath.Join(dir, name))
	}
	for _, c := range fix["artifactChanges"].([]any) {
		c := c.(map[string]any)
		name := filepath.Base(c["artifactLocation"].(map[string]any)["uri"].(string))
		for _, r := range slices.Backward(c["replacements"].([]any)) {
			r := r.(map[string]any)
			region := r["deletedRegion"].(map[string]any)
			from, to := offsetIn(files[name], region, "start"), offsetIn(files[name], region, "end")
			inserted, _ := r["insertedContent"].(map[string]any)
			text, _ := inserted["text"].(string)
			files[name] = files[name][:from] + text + files[name][to:]
		}
	}
	return files
}

// offsetIn returns the offset of one end of a region, whose columns are those of Unicode code points.
func offsetIn(text string, region map[string]any, end string) int {
	line, column := int(region[end+"Line"].(float64)), int(region[end+"Column"].(float64))
	lines := strings.SplitAfter(text, "\n")
	return len(strings.Join(lines[:line-1], "")) + len(string([]rune(lines[line-1])[:column-1]))
}

// checkFix holds a fix against what the schema of SARIF 2.1.0 demands (definitions fix, artifactChange, replacement, region,
// artifactContent, message).
func checkFix(t *testing.T, fix any) {
	t.Helper()
	f := fields(t, "fix", fix, []string{"artifactChanges"}, "description", "properties")
	if f["description"] != nil {
		fields(t, "message", f["description"], nil, "text", "markdown", "id", "arguments", "properties")
	}
	for _, c := range items(t, "artifactChanges", f["artifactChanges"]) {
		change := fields(t, "artifactChange", c, []string{"artifactLocation", "replacements"}, "properties")
		fields(t, "artifactLocation", change["artifactLocation"], nil, "uri", "uriBaseId", "index", "description", "properties")
		for _, r := range items(t, "replacements", change["replacements"]) {
			replacement := fields(t, "replacement", r, []string{"deletedRegion"}, "insertedContent", "properties")
			checkRegion(t, replacement["deletedRegion"])
			if replacement["insertedContent"] != nil {
				fields(t, "artifactContent", replacement["insertedContent"], nil, "text", "binary", "rendered", "properties")
			}
		}
	}
}

func checkRegion(t *testing.T, v any) {
	t.Helper()
	r := fields(t, "region", v, []string{"startLine"}, "startColumn", "endLine", "endColumn")
	for name, number := range r {
		if n, ok := number.(float64); !ok || n < 1 {
			t.Errorf("region: %s is %v, want an integer from 1", name, number)
		}
	}
	if r["endLine"].(float64) < r["startLine"].(float64) {
		t.Errorf("region %v ends before it begins", r)
	}
}

// fields returns an object that has all required properties, and else none but the optional ones.
func fields(t *testing.T, what string, v any, required []string, optional ...string) map[string]any {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%s is %v, want an object", what, v)
	}
	for _, name := range required {
		if object[name] == nil {
			t.Errorf("%s has no %s: %v", what, name, object)
		}
	}
	for name := range object {
		if !slices.Contains(slices.Concat(required, optional), name) {
			t.Errorf("%s has %s, which is not defined", what, name)
		}
	}
	return object
}

// items returns an array of one item or more, each another one.
func items(t *testing.T, what string, v any) []any {
	t.Helper()
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		t.Fatalf("%s is %v, want an array that is not empty", what, v)
	}
	for i := range list {
		for _, other := range list[:i] {
			if fmt.Sprint(other) == fmt.Sprint(list[i]) {
				t.Errorf("%s has the same item twice", what)
			}
		}
	}
	return list
}

// What no edit of a file mends has no fixes.
func TestSARIFWithoutFixes(t *testing.T) {
	const policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {rules: [{from: [{source: {namespaces: [b]}}]}]}\n"
	const opaque = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: db, namespace: shop}\n" +
		"spec:\n  hosts: [db.example.com]\n  ports: [{number: 5432, name: tcp, protocol: TCP}]\n  resolution: DNS\n"
	for name, log := range map[string]func() string{
		"the fix is right on a condition": func() string { return fmt.Sprint(sarifOf(t, writeFiles(t, map[string]string{"a.yaml": opaque}))) },
		"a name is to be filled in":       func() string { return fmt.Sprint(sarifOf(t, writeFiles(t, map[string]string{"a.yaml": policy}))) },
		"standard input": func() string {
			stdout, _, _ := run(t, Options{Source: offline.Source{Paths: []string{"-"}}, Output: "sarif"}, mendableOther)
			return stdout
		},
	} {
		if log := log(); strings.Contains(log, "artifactChanges") || !strings.Contains(log, "ruleId") {
			t.Errorf("%s: %s", name, log)
		}
	}
}
