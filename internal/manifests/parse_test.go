package manifests

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParseFindsEveryObjectWithItsLine(t *testing.T) {
	type want struct {
		name string
		line int
	}
	tests := []struct {
		name, text string
		want       []want
	}{
		{"nothing", "", nil},
		{"comments only", "# a\n---\n# b\n", nil},
		{"null documents", "---\nnull\n---\n~\n", nil},
		{"one", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", []want{{"a", 1}}},
		{"leading marker and comment", "---\n# hello\n\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n", []want{{"a", 4}}},
		{"several", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n...\n---\n---\napiVersion: v1\nkind: Service\nmetadata: {name: c}\n",
			[]want{{"a", 1}, {"b", 5}, {"c", 11}}},
		{"content beside the marker", "--- {apiVersion: v1, kind: Service, metadata: {name: a}}\n--- # two\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n", []want{{"a", 1}, {"b", 3}}},
		{"Windows line ends", "apiVersion: v1\r\nkind: Service\r\nmetadata: {name: a}\r\n---\r\napiVersion: v1\r\nkind: Service\r\nmetadata: {name: b}\r\n", []want{{"a", 1}, {"b", 5}}},
		{"byte order mark", "\xef\xbb\xbfapiVersion: v1\nkind: Service\nmetadata: {name: a}\n", []want{{"a", 1}}},
		{"YAML directive", "%YAML 1.2\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n", []want{{"a", 3}}},
		{"marker inside a block scalar is indented", "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations:\n    x: |\n      ---\n      y\n", []want{{"a", 1}}},
		{"JSON", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}`, []want{{"a", 1}}},
		{"JSON indented by tabs", "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Service\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n", []want{{"a", 1}}},
		{"JSON, one after the other", "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}}\n\n{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"b\"}}", []want{{"a", 1}, {"b", 3}}},
		{"List", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Service\n  metadata: {name: b}\n", []want{{"a", 4}, {"b", 7}}},
		{"List in a List", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ServiceList\n  items:\n  - {apiVersion: v1, kind: Service, metadata: {name: a}}\n  - {apiVersion: v1, kind: Service, metadata: {name: b}}\n", []want{{"a", 7}, {"b", 8}}},
		{"empty List", "apiVersion: v1\nkind: List\nitems: []\n", nil},
		{"a kind that is called so", "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\n", []want{{"a", 1}}},
		{"List as JSON", "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n {\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}},\n {\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"b\"}}]}", []want{{"a", 2}, {"b", 3}}},
		{"anchors", "apiVersion: v1\nkind: Service\nmetadata: {name: &n a, labels: {app: *n}}\n", []want{{"a", 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("f.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []want
			for _, d := range docs {
				got = append(got, want{d.Head.Metadata.Name, d.Line})
				if !json.Valid(d.Raw) {
					t.Errorf("%s: not JSON: %s", d.Where(), d.Raw)
				}
			}
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("object %d: got %v, want %v", i, got[i], test.want[i])
				}
			}
		})
	}
}

func TestParseErrorsNameFileAndLine(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+p+",", 9) + "*" + p + "]\n"
	}
	big := "apiVersion: v1\nkind: Service\nx: &x " + strings.Repeat("y", 1<<20) + "\nl: [" + strings.Repeat("*x,", 1000) + "]\n"
	tests := []struct{ name, text, want string }{
		{"a list", "- a\n", "f.yaml:1: want a Kubernetes object, have array"},
		{"a word", "# why\nhello\n", "f.yaml:2: want a Kubernetes object, have string"},
		{"no kind", "apiVersion: v1\n---\napiVersion: v1\nkind: Service\n", "f.yaml:1: want a Kubernetes object, but apiVersion or kind is missing"},
		{"wrong type in the head", "apiVersion: v1\nkind: Service\nmetadata:\n  name: [a]\n", "f.yaml:4: field metadata.name: want string, have array"},
		{"a template", "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ name }}\n", "f.yaml:4: no YAML: {{ name }} (a template"},
		{"repeated key in the second document", "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Service\nkind: Pod\n", `f.yaml:6: kind is there twice`},
		{"broken YAML in the second document", "apiVersion: v1\nkind: Service\n---\nkind: Service\nmetadata: {name: a\nspec: b\n", "f.yaml:"},
		{"items of a List", "apiVersion: v1\nkind: List\nitems: 3\n", "f.yaml:3: List: items is not a list"},
		{"an item that is no object", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n- 3\n", "f.yaml:5: want a Kubernetes object, have number"},
		{"bomb", bomb, "f.yaml:1: aliases expand the document to more than 16 MiB"},
		{"bomb of one large word", big, "f.yaml:1: aliases expand the document to more than 16 MiB"},
		{"alias of itself", "apiVersion: v1\nkind: Service\nx: &x [*x]\n", "f.yaml:"},
		{"deep", strings.Repeat("[", 20000), "f.yaml:1: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("f.yaml", []byte(test.text))
			if err == nil {
				t.Fatalf("want an error, got %d documents", len(docs))
			}
			if !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %q, want %q", err, test.want)
			}
			if docs != nil {
				t.Errorf("got %d documents beside the error", len(docs))
			}
		})
	}
}

func TestParseReportsEveryError(t *testing.T) {
	_, err := Parse("f.yaml", []byte("kind: A\n---\nkind: B\n"))
	if err == nil || strings.Count(err.Error(), "f.yaml:") != 2 {
		t.Errorf("got %v, want both documents named", err)
	}
}

func TestLineOf(t *testing.T) {
	docs, err := Parse("f.yaml", []byte(`# a rule
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1
  kind: DestinationRule
  metadata:
    name: a
  spec:
    host: edition.cnn.com
    trafficPolicy:
      portLevelSettings:
      - port: {number: 80}
        tls:
          mode: DISABLE
`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"":                       5,
		"spec.host":              10,
		"spec.trafficPolicy":     11,
		"spec.trafficPolicy.tls": 11,
		"spec.trafficPolicy.portLevelSettings[0]":                  13,
		"spec.trafficPolicy.portLevelSettings[0].port.number":      13,
		"spec.trafficPolicy.portLevelSettings[0].tls.mode":         15,
		"spec.trafficPolicy.portLevelSettings[1].tls.mode":         12,
		"spec.trafficPolicy.portLevelSettings[x].tls.mode":         12,
		"spec.trafficPolicy.portLevelSettings[99999999999999999]]": 12,
		"status": 5,
	} {
		if got := docs[0].LineOf(path); got != want {
			t.Errorf("%q: got line %d, want %d", path, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n# x\n"))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Service"}{"apiVersion":"v1","kind":"Service"}`))
	f.Add([]byte("a: &a [*a]\n<<: *a\n"))
	f.Add([]byte("%YAML 1.1\n--- !!binary |\n  xx\n...\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		docs, err := Parse("f", raw)
		if err != nil {
			return
		}
		for _, d := range docs {
			if !json.Valid(d.Raw) {
				t.Errorf("%s: not JSON: %q", d.Where(), d.Raw)
			}
			if lines := 1 + strings.Count(string(raw), "\n"); d.Line < 1 || d.Line > lines {
				t.Errorf("line %d of %d", d.Line, lines)
			}
			d.LineOf("spec.ports[0].tls")
		}
	})
}
