package mend

import (
	"testing"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

const (
	added     = "apiVersion: v1\nkind: Added\n"
	addedJSON = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Added\"\n}\n"
)

// A new object comes before the last one of each text.
func TestInsert(t *testing.T) {
	tests := []struct{ name, file, before, after string }{
		{"the only document", "a.yaml", "apiVersion: v1\nkind: A\n", added + "---\napiVersion: v1\nkind: A\n"},
		{"a comment on the object goes with it", "a.yaml", "# a\napiVersion: v1\nkind: A\n", added + "---\n# a\napiVersion: v1\nkind: A\n"},
		{"a comment on the file stays at the top", "a.yaml", "# file\n\n# a\napiVersion: v1\nkind: A\n", "# file\n\n" + added + "---\n# a\napiVersion: v1\nkind: A\n"},
		{"behind a marker", "a.yaml", "---\napiVersion: v1\nkind: A\n", "---\n" + added + "---\napiVersion: v1\nkind: A\n"},
		{"behind a marker with a comment", "a.yaml", "--- # a\n# a\napiVersion: v1\nkind: A\n", "--- # a\n" + added + "---\n# a\napiVersion: v1\nkind: A\n"},
		{"on the line of a marker", "a.yaml", "--- {apiVersion: v1, kind: A}\n", "---\n" + added + "---\n {apiVersion: v1, kind: A}\n"},
		{"the second document", "a.yaml", "apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n", "apiVersion: v1\nkind: A\n---\n" + added + "---\napiVersion: v1\nkind: B\n"},
		{"behind a byte order mark", "a.yaml", "\ufeffapiVersion: v1\nkind: A\n", "\ufeff" + added + "---\napiVersion: v1\nkind: A\n"},
		{"Windows line ends", "a.yaml", "apiVersion: v1\r\nkind: A\r\n", "apiVersion: v1\r\nkind: Added\r\n---\r\napiVersion: v1\r\nkind: A\r\n"},
		{"a List", "a.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n", added + "---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n"},
		{"JSON", "a.json", `{"apiVersion":"v1","kind":"A"}`, addedJSON + `{"apiVersion":"v1","kind":"A"}`},
		{"JSON in a file of YAML", "a.yaml", "---\n{\"apiVersion\":\"v1\",\"kind\":\"A\"}\n", "---\n" + addedJSON + "---\n{\"apiVersion\":\"v1\",\"kind\":\"A\"}\n"},
		{"a List of JSON", "a.json", `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"A"}]}`,
			`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"A"}, {"apiVersion": "v1", "kind": "Added"}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docs, err := manifests.Parse(test.file, []byte(test.before))
			if err != nil {
				t.Fatal(err)
			}
			var e Edits
			if err := e.Insert(&offline.Object{Document: docs[len(docs)-1]}, map[string]any{"apiVersion": "v1", "kind": "Added"}); err != nil {
				t.Fatal(err)
			}
			files, err := e.Apply([]manifests.File{{Name: "other.yaml", Raw: []byte(test.before)}, {Name: test.file, Raw: []byte(test.before)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(files[1].Raw); got != test.after {
				t.Errorf("got\n%q\nwant\n%q", got, test.after)
			}
			if string(files[0].Raw) != test.before {
				t.Errorf("another file changed: %q", files[0].Raw)
			}
			if after, err := manifests.Parse(test.file, files[1].Raw); err != nil || len(after) != len(docs)+1 {
				t.Errorf("%d objects, %v", len(after), err)
			}
		})
	}
}
