package policies

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestASourceBringsData(t *testing.T) {
	mine := Files{"mine.rego": own("mine", `violation contains {"message": data.words.no}`)}
	if got := said(t, engine(t, mine, BaseDocuments{"words": map[string]any{"no": "never"}})); got != "never" {
		t.Errorf("got %s", got)
	}
	for _, key := range []string{"params", "tlsward", "words"} {
		if _, err := New(t.Context(), nil, BaseDocuments{"words": 1}, BaseDocuments{key: 1}); err == nil {
			t.Errorf("data.%s is taken from a source", key)
		}
	}
}

// Careless: a policy's tests run without the data that the policy will run with.
func TestTestsSeeTheDataThatTheirPolicyWillSee(t *testing.T) {
	mine := Files{
		"mine.rego": own("mine", `violation contains {"message": data.words.no}`),
		"mine_test.rego": `package tlsward.mine_test

test_says_what_the_words_are if {
	result := data.tlsward.mine.violation with input as {}
	{v.message | some v in result} == {"never"}
}

test_has_no_params if data.params == {}
`,
	}
	right, wrong := BaseDocuments{"words": map[string]any{"no": "never"}}, BaseDocuments{"words": map[string]any{"no": "maybe"}}
	cfg := with("mine", "deny")
	cfg.Params = map[string]any{"tls-pending": map[string]any{}}
	if _, err := New(t.Context(), &cfg, mine, right); err != nil {
		t.Error(err)
	}
	for name, data := range map[string]BaseDocuments{"other data": wrong, "no data": {}} {
		_, err := New(t.Context(), nil, mine, data)
		if err == nil || !strings.Contains(err.Error(), "mine_test.rego:3: test test_says_what_the_words_are is not true") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	report, err := Test(t.Context(), mine, right)
	if err != nil || len(report.Tests) != 2 || len(report.Failed()) != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestADirectoryThatIsABundleBringsItsData(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("data.json", `{"words": {"no": "never"}}`)
	put("words/more/data.yaml", "yes: always\n")
	put("manifests/service-entry.yaml", "kind: ServiceEntry\n")
	put("mine.rego", own("mine", `violation contains {"message": data.words.no}`))
	if data, err := Dir(dir).Data(t.Context()); data != nil || err != nil {
		t.Errorf("a directory that is no bundle gives %v, %v", data, err)
	}
	put(".manifest", `{"roots": ["tlsward/mine", "words"]}`)
	want := map[string]any{"words": map[string]any{"no": "never", "more": map[string]any{"yes": "always"}}}
	if data, err := Dir(dir).Data(t.Context()); !reflect.DeepEqual(data, want) || err != nil {
		t.Errorf("got %v, %v, want %v", data, err, want)
	}
	if got := said(t, engine(t, Dir(dir))); got != "never" {
		t.Errorf("got %s", got)
	}
	put("data.json", `{"words": {"no": "never"}, "others": 1}`)
	if _, err := Dir(dir).Data(t.Context()); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("data outside of the manifest's roots: got %v", err)
	}
}
