package explain

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
)

// files are manifests below testdata, for pods in the namespace shop.
func files(names ...string) offline.Source {
	s := offline.Source{Namespace: "shop"}
	for _, name := range names {
		s.Paths = append(s.Paths, "testdata/"+name)
	}
	return s
}

// runs have their output in testdata/answers.golden, in this order.
var runs = []struct {
	title string
	Options
}{
	{"plaintext, on the lowest port", Options{Source: files("mesh.yaml"), Target: "plaintext.example.com"}},
	{"a port without a protocol", Options{Source: files("mesh.yaml"), Target: "plaintext.example.com:9090"}},
	{"originated, on port 80", Options{Source: files("mesh.yaml"), Target: "originated.example.com"}},
	{"originated, with a name that is not checked", Options{Source: files("mesh.yaml"), Target: "unchecked.example.com"}},
	{"originated, without a name to send", Options{Source: files("mesh.yaml"), Target: "mysql.example.com"}},
	{"application-tls", Options{Source: files("mesh.yaml"), Target: "application-tls.example.com"}},
	{"double-tls", Options{Source: files("mesh.yaml"), Target: "double-tls.example.com"}},
	{"an unknown host", Options{Source: files("mesh.yaml"), Target: "nobody.example.com"}},
	{"an unknown port", Options{Source: files("mesh.yaml"), Target: "plaintext.example.com:1"}},
	{"a redirect", Options{Source: files("mesh.yaml"), Target: "redirected.example.com"}},
	{"--from: a namespace that sees the host", Options{Source: files("mesh.yaml"), Target: "private.example.com"}},
	{"--from: a namespace that does not", Options{Source: files("mesh.yaml"), Target: "private.example.com:443", From: "other"}},
	{"--labels: pods that a rule does not select", Options{Source: files("mesh.yaml"), Target: "selected.example.com"}},
	{"--labels: pods that it selects", Options{Source: files("mesh.yaml"), Target: "selected.example.com", Labels: map[string]string{"app": "web"}}},
	{"--all: every client, every port", Options{Source: files("mesh.yaml"), Target: "selected.example.com", All: true}},
	{"--all: every client, one port", Options{Source: files("mesh.yaml"), Target: "selected.example.com:8443", All: true}},
	{"before the mutating webhook", Options{Source: files("unmutated.yaml"), Target: "pay.example.com"}},
	{"--mutated", Options{Source: files("unmutated.yaml"), Target: "pay.example.com", Mutated: true}},
	{"through an egress gateway", Options{Source: files("gateway.yaml"), Target: "pay.example.com"}},
	{"through a waypoint", Options{Source: files("ambient.yaml"), Target: "pay.example.com"}},
	{"past a ztunnel", Options{Source: files("ambient.yaml"), Target: "mail.example.com"}},
	{"two files", Options{Source: files("ambient.yaml", "mesh.yaml"), Target: "originated.example.com", From: "other"}},
}

// asWritten is the note on files that the mutating webhook would complete.
var asWritten = regexp.MustCompile(`tlsward: \d+ objects? (is|are) taken as written, which the mutating webhook would complete, as check does: --mutated\n`)

// answer runs a command and returns what it writes.
func answer(t *testing.T, o Options, stdin string) string {
	t.Helper()
	var out, errs strings.Builder
	if err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(stdin), Out: &out, Err: &errs}); err != nil || asWritten.ReplaceAllString(errs.String(), "") != "" {
		t.Fatalf("%v, %s", err, errs.String())
	}
	return out.String()
}

func TestRunWritesText(t *testing.T) {
	var b strings.Builder
	for _, q := range runs {
		q.Output = "text"
		b.WriteString("# " + q.title + "\n" + answer(t, q.Options, "") + "\n")
	}
	golden.Equal(t, "testdata/answers.golden", b.String())
}

// TestRunWritesJSON pins the contract: every field of a hop is there, whatever it holds.
func TestRunWritesJSON(t *testing.T) {
	tests := []struct {
		name string
		Options
	}{
		{"gateway", Options{Source: files("gateway.yaml"), Target: "pay.example.com"}},
		{"unchecked", Options{Source: files("mesh.yaml"), Target: "unchecked.example.com"}},
		{"unknown", Options{Source: files("mesh.yaml"), Target: "plaintext.example.com:1"}},
		{"all", Options{Source: files("mesh.yaml"), Target: "selected.example.com:80", All: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.Output = "json"
			golden.Equal(t, "testdata/"+test.name+".json.golden", answer(t, test.Options, ""))
		})
	}
	nobody := Options{Source: files("mesh.yaml"), Target: "nobody.example.com", All: true, Output: "json"}
	if got := answer(t, nobody, ""); got != "[]\n" {
		t.Errorf("--all of a host that nobody reaches: %s", got)
	}
}

func TestRunReadsStandardInput(t *testing.T) {
	entry := `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a},
  spec: {hosts: [a.example], ports: [{number: 443, name: https, protocol: HTTPS}], resolution: DNS}}`
	o := Options{Source: offline.Source{Paths: []string{"-"}, Namespace: "default"}, Target: "a.example", Output: "text"}
	want := "sidecar default -> a.example:443: application-tls: the application starts TLS itself\n" +
		"  1. sidecar default -> a.example, port 443, protocol HTTPS\n     TLS: none\n"
	if got := answer(t, o, entry); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRunCannotExplain(t *testing.T) {
	broken := files("mesh.yaml")
	broken.Config = "testdata/mesh.yaml"
	tests := []struct {
		name string
		Options
		want string
	}{
		{"an unknown output", Options{Source: files("mesh.yaml"), Target: "a.example", Output: "sarif"}, `--output: want text, json, have "sarif"`},
		{"no port", Options{Source: files("mesh.yaml"), Target: "a.example:b", Output: "text"}, `"a.example:b": want a port from 1 to 65535`},
		{"no such file", Options{Source: files("none.yaml"), Target: "a.example", Output: "text"}, "testdata/none.yaml"},
		{"a broken configuration", Options{Source: broken, Target: "a.example", Output: "text"}, "testdata/mesh.yaml: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			err := Run(t.Context(), test.Options, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &out})
			if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
				t.Errorf("got %v and %q, want %s", err, out.String(), test.want)
			}
		})
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRunReturnsTheErrorOfTheOutput(t *testing.T) {
	for _, output := range []string{"text", "json"} {
		o := Options{Source: files("gateway.yaml"), Target: "pay.example.com", Output: output}
		if err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: failing{}, Err: failing{}}); err == nil || err.Error() != "disk full" {
			t.Errorf("%s: got %v", output, err)
		}
	}
}

// A pod is answered for in the mesh of its own control plane, and all clients each in theirs.
func TestRunAsksTheControlPlaneOfThePod(t *testing.T) {
	decided := func(o Options) (list []string) {
		m, err := o.read(t.Context(), cli.Streams{ProgressAfter: time.Hour, Out: io.Discard, Err: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range o.paths(m, Target{Host: "api.bank.example", Port: 80}) {
			list = append(list, p.Client.String()+": "+string(p.Verdict))
		}
		return list
	}
	source := files("revisions.yaml")
	for from, want := range map[string]string{"shop": "sidecar shop: plaintext", "other": "sidecar other: originated"} {
		if have := decided(Options{Source: source, From: from}); !slices.Equal(have, []string{want}) {
			t.Errorf("from %s: %q", from, have)
		}
	}
	want := []string{"sidecar any other namespace: originated", "sidecar shop: plaintext", "sidecar any other namespace: plaintext"}
	if have := decided(Options{Source: source, All: true}); !slices.Equal(have, want) {
		t.Errorf("all: %q, want %q", have, want)
	}
}
