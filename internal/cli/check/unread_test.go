package check

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/cli/offline"
)

// brokenRule has a value that no enum has.
var brokenRule = strings.Replace(bankRule, "mode: SIMPLE", "mode: Simple", 1)

// TestEveryOutputTellsOfWhatCannotBeRead: whoever looks at one of them alone must not take it for clean.
func TestEveryOutputTellsOfWhatCannotBeRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mesh.yaml")
	if err := os.WriteFile(file, []byte(bankEntry+brokenRule), 0o600); err != nil {
		t.Fatal(err)
	}
	for output, want := range map[string]string{
		"text":        "1 object checked, 1 could not be read: 0 denials, ",
		"github":      "::error file=" + file + ",line=10,title=tlsward could not read this::",
		"junit":       `tests="2" failures="0" errors="1"`,
		"sarif":       `"executionSuccessful": false`,
		"json-report": `"unread": 1`,
	} {
		t.Run(output, func(t *testing.T) {
			stdout, _, err := run(t, Options{Source: offline.Source{Paths: []string{file}}, Output: output}, "")
			if err == nil || !strings.Contains(stdout, want) {
				t.Errorf("error %v; no %q in\n%s", err, want, stdout)
			}
			if output != "text" && !strings.Contains(stdout, "Simple") {
				t.Errorf("it does not say why:\n%s", stdout)
			}
		})
	}
}

func TestAgainstTakesWhatCannotBeReadForNoDeletion(t *testing.T) {
	for name, after := range map[string]string{
		"a value that no enum has": bankEntry + brokenRule,
		"no YAML":                  bankEntry + strings.Replace(bankRule, "namespace: default}", "namespace: default", 1),
	} {
		t.Run(name, func(t *testing.T) {
			old, dir := t.TempDir(), t.TempDir()
			for path, text := range map[string]string{filepath.Join(old, "mesh.yaml"): bankEntry + bankRule, filepath.Join(dir, "mesh.yaml"): after} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			stdout, _, err := run(t, Options{Source: offline.Source{Paths: []string{dir}}, Against: old, Output: "text"}, "")
			if want := "0 objects checked, 1 could not be read: 0 denials, 0 warnings\n"; err == nil || stdout != want {
				t.Errorf("error %v; got\n%s", err, stdout)
			}
		})
	}
}

// TestReportsCountWhatTheTextCounts: a finding of several clients is one.
func TestReportsCountWhatTheTextCounts(t *testing.T) {
	source := offline.Source{Paths: []string{"testdata/several.yaml"}}
	text, _, _ := run(t, Options{Source: source, Output: "text"}, "")
	raw, _, _ := run(t, Options{Source: source, Output: "json-report"}, "")
	var r jsonReport
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		t.Fatal(err)
	}
	want := number(r.Summary.Objects, "object") + " checked: " + number(r.Summary.Denials, "denial") + ", " + number(r.Summary.Warnings, "warning") + "\n"
	if !strings.Contains(text, want) {
		t.Errorf("the report says %q, the text\n%s", want, text)
	}
}

// TestTheTextSaysWhatItCompleted: a clean check of what as written sends plaintext must not pass for a clean file.
func TestTheTextSaysWhatItCompleted(t *testing.T) {
	rule := strings.Replace(bankRule, ", sni: api.bank.example", "", 1)
	incomplete := strings.Replace(bankEntry, ", targetPort: 443", "", 1) + rule
	for text, want := range map[string]string{
		incomplete:       "2 objects checked: 0 denials, 0 warnings\n1 object judged as the mutating webhook completes it, not as written (tlsward fix --diff)\n",
		bankEntry + rule: "2 objects checked: 0 denials, 0 warnings\n",
	} {
		stdout, _, err := run(t, Options{Source: offline.Source{Paths: []string{"-"}}, Output: "text"}, text)
		if err != nil || !strings.HasSuffix(stdout, want) {
			t.Errorf("error %v; got\n%s\nwant\n%s", err, stdout, want)
		}
	}
}
