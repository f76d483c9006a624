package report

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

func source() offline.Source {
	return offline.Source{Namespace: "default", Paths: []string{"testdata/mesh.yaml"}, Config: "testdata/exempt.config.yaml"}
}

// dataOf returns what the scripts of a page read.
func dataOf(t *testing.T, html string) pageData {
	t.Helper()
	_, rest, _ := strings.Cut(html, `id="data" data-tag="`)
	_, rest, _ = strings.Cut(rest, ">")
	text, _, ok := strings.Cut(rest, "</script>")
	if !ok {
		t.Fatal("the page has no data")
	}
	unpacked, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	var data pageData
	if err := json.Unmarshal(raw, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// The page names nothing that a browser would fetch, and its policy would let it fetch nothing.
func TestPageLoadsNothing(t *testing.T) {
	html := run(t, Options{Source: source(), Output: "html"})
	if found := regexp.MustCompile(`(?i)(\ssrc=|\shref=|url\(|@import|https?:)[^\n]{0,40}`).FindString(html); found != "" {
		t.Errorf("the page names %q", found)
	}
	if !strings.Contains(html, `content="default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-`) || strings.Contains(html, "{{") {
		t.Error("the page is not filled in")
	}
}

// What a row of the page stands for.
func TestPageData(t *testing.T) {
	data := dataOf(t, run(t, Options{Source: source(), Output: "html"}))
	text := func(i int) string { return data.Text[i] }
	var rows []string
	for _, c := range data.Connections {
		rows = append(rows, strings.Join([]string{data.States[c[2]].ID, text(c[0]), text(c[5]), text(c[7]), text(c[8])}, " | "))
	}
	for _, want := range []string{
		"plaintext | disabled.example.com | shop | DestinationRule shop/disabled spec.trafficPolicy.tls | TLS mode DISABLE is written down",
		"checked | checked.example.com | all others | DestinationRule shop/checked spec.trafficPolicy.portLevelSettings[0].tls | ",
		"closed | hidden.example.com | office |  | this client's proxy knows no such host and port",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(rows, "\n"))
		}
	}
	if yaml := text(data.YAML["DestinationRule shop/disabled"]); !strings.Contains(yaml, "mode: DISABLE") {
		t.Errorf("the YAML of what decided is %q", yaml)
	}
	for _, c := range data.Connections {
		if f := c[11]; data.States[c[2]].Bad && (f < 0 || text(data.Findings[f][7]) == "") {
			t.Errorf("%s from %s has no fix", text(c[0]), text(c[5]))
		}
	}
}

// What has changed since an earlier report is told, by pods: how they are put together may have changed too.
func TestSince(t *testing.T) {
	dir := t.TempDir()
	earlier, now := filepath.Join(dir, "earlier.json"), filepath.Join(dir, "mesh.yaml")
	if err := os.WriteFile(earlier, []byte(run(t, Options{Source: source(), Output: "json"})), 0o600); err != nil {
		t.Fatal(err)
	}
	manifests, err := os.ReadFile("testdata/mesh.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("mode: DISABLE", "mode: SIMPLE", "hosts: [plaintext.example.com]", "hosts: [new.example.com]").Replace(string(manifests))
	if err := os.WriteFile(now, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	s := source()
	s.Paths = []string{now}
	var report jsonReport
	if err := json.Unmarshal([]byte(run(t, Options{Source: s, Output: "json", Since: earlier})), &report); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Connections {
		if c.Was != "" {
			got = append(got, c.Client+" "+c.Host+": "+string(c.Was)+" -> "+string(c.State))
		}
	}
	slices.Sort(got)
	want := []string{
		"sidecar any other namespace new.example.com: closed -> plaintext",
		"sidecar shop disabled.example.com: plaintext -> checked", "sidecar shop new.example.com: closed -> plaintext",
		"sidecar till disabled.example.com: plaintext -> checked",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := readEarlier(now); err == nil || !strings.Contains(err.Error(), now) {
		t.Errorf("manifests are no report: %v", err)
	}
}

func TestEveryStateHasASignAndAMeaning(t *testing.T) {
	signs := map[string]bool{}
	for _, s := range audit.States() {
		if signs[sign(s)] || meaning(s) == "" {
			t.Errorf("%s: %q, %q", s, sign(s), meaning(s))
		}
		signs[sign(s)] = true
	}
}

func TestObjectOf(t *testing.T) {
	for in, want := range map[string]string{
		"DestinationRule shop/x spec.trafficPolicy.tls":                    "DestinationRule shop/x",
		"Gateway (gateway.networking.k8s.io) shop/w spec.gatewayClassName": "Gateway (gateway.networking.k8s.io) shop/w",
		"Namespace shop": "Namespace shop", "": "",
	} {
		if got := objectOf(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// What waits for its partner for too long is marked.
func TestPageMarksWhatIsOverdue(t *testing.T) {
	b := pageBuilder{text: map[string]int{}, out: pageData{Made: made}}
	for _, until := range []time.Time{made.Add(-time.Minute), made, {}} {
		b.addFinding(audit.Finding{Until: until})
	}
	var got []string
	for _, f := range b.out.Findings {
		got = append(got, b.out.Text[f[10]])
	}
	if want := []string{"2026-11-01 08:59 UTC", "", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Of a mesh without anything the page's scripts still read lists.
func TestPageOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	if err := os.WriteFile(path, []byte("# nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data := dataOf(t, run(t, Options{Source: offline.Source{Namespace: "default", Paths: []string{path}}, Output: "html"})); data.Namespaces == nil {
		t.Error("no list of namespaces")
	}
}
