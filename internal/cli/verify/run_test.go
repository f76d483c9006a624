package verify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
)

// verify runs the command on dumps of testdata, or other files.
func verify(t *testing.T, output string, dumps ...string) (string, error) {
	t.Helper()
	o := Options{Source: offline.Source{Paths: []string{"testdata/mesh.yaml"}, Namespace: "default"}, Output: output}
	for _, d := range dumps {
		if !filepath.IsAbs(d) {
			d = "testdata/" + d
		}
		o.Dumps = append(o.Dumps, d)
	}
	var out, errs strings.Builder
	err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &errs})
	if errs.Len() > 0 {
		t.Errorf("notes: %s", errs.String())
	}
	return out.String(), err
}

func TestRunNamesTheEnvoyFilterOfADifference(t *testing.T) {
	text, err := verify(t, "text", "patched.json", "other.json")
	if !errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("got %v", err)
	}
	golden.Equal(t, "testdata/patched.golden", text)
	text, err = verify(t, "json", "patched.json", "other.json")
	if !errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("got %v", err)
	}
	golden.Equal(t, "testdata/patched.json.golden", text)
}

func TestRunCountsWhatAgrees(t *testing.T) {
	text, err := verify(t, "text", "other.json")
	if err != nil || !strings.HasSuffix(text, "2 connections of 1 proxy compared: 2 agree, 0 differ\n") {
		t.Errorf("got %v and\n%s", err, text)
	}
}

// edited returns the path of a copy of a dump in which each old text is a new one.
func edited(t *testing.T, dump string, oldNew ...string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + dump)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(string(text), oldNew[i]) {
			t.Fatalf("%s has no %s", dump, oldNew[i])
		}
	}
	path := filepath.Join(t.TempDir(), dump)
	if err := os.WriteFile(path, []byte(strings.NewReplacer(oldNew...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRunNeverAgreesOnWhatItDoesNotUnderstand has proxies with something on the way that nobody knows.
func TestRunNeverAgreesOnWhatItDoesNotUnderstand(t *testing.T) {
	for _, tc := range []struct {
		name, dump string
		want       []string
	}{
		{
			"an HTTP filter", edited(t, "other.json", "envoy.extensions.filters.http.fault.v3.HTTPFault", "example.audit.v1.Audit"),
			[]string{"unknown HTTP filter envoy.filters.http.fault (example.audit.v1.Audit) on the way to outbound|80||edition.cnn.com", "1 differ"},
		},
		{
			"a transport socket", edited(t, "other.json", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "example.tls.v1.Quantum"),
			[]string{"(example.tls.v1.Quantum) on the way to outbound|80||edition.cnn.com", "1 differ"},
		},
		{
			"a field of a newer Envoy", edited(t, "other.json", `"dynamic_active_clusters":[{`, `"dynamic_active_clusters":[{"since_2041":1,`),
			[]string{"not read: unknown field envoy.admin.v3.ClustersConfigDump.DynamicCluster", "1 part of the proxies' configuration could not be read"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := verify(t, "text", tc.dump)
			if !errors.Is(err, cli.ErrIssuesFound) {
				t.Errorf("got %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("got\n%s\nwant %s", text, want)
				}
			}
		})
	}
}

func TestRunCannotCompare(t *testing.T) {
	whole, err := os.ReadFile("testdata/other.json")
	if err != nil {
		t.Fatal(err)
	}
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "dump.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tc := range []struct{ name, dump, want string }{
		{"a dump that is cut off", file(string(whole[:len(whole)/2])), "it is cut off after byte"},
		{"no dump", file("<html>503 Service Unavailable</html>"), "byte 1"},
		{"another proxy's", edited(t, "other.json", "sidecar~192.", "envoy-"), "the dump is of no proxy of Istio's"},
		{"one of which everything else is missing", file(`{"configs":[{"@type":"x/envoy.admin.v3.ClustersConfigDump"}]}`), "the dump does not say whose it is"},
		{"one to which nothing is redirected", edited(t, "other.json", `"INTERCEPTION_MODE":"REDIRECT"`, `"INTERCEPTION_MODE":"NONE"`), "nothing is redirected to it"},
		{"no file", "none.json", "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := verify(t, "text", tc.dump)
			if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), tc.want) || text != "" {
				t.Errorf("got %v and %q, want %s", err, text, tc.want)
			}
		})
	}
}

// TestRunSaysThatNothingWasCompared has a mesh out of which nothing leads.
func TestRunSaysThatNothingWasCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mesh.yaml")
	if err := os.WriteFile(path, []byte("{apiVersion: v1, kind: Namespace, metadata: {name: default}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Source: offline.Source{Paths: []string{path}}, Dumps: []string{"testdata/other.json"}, Output: "text"}
	err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: new(strings.Builder), Err: new(strings.Builder)})
	if err == nil || !strings.Contains(err.Error(), "nothing was compared") {
		t.Errorf("got %v", err)
	}
}

// TestRunNamesWhatTheProxyRefused has a listener whose update the proxy refused.
func TestRunNamesWhatTheProxyRefused(t *testing.T) {
	dump := edited(t, "patched.json", `{"name":"0.0.0.0_80","active_state"`, `{"name":"0.0.0.0_80","error_state":{"details":"filter chains match alike"},"active_state"`)
	text, _ := verify(t, "text", dump)
	if !strings.Contains(text, "likeliest cause: the proxy refused listener 0.0.0.0_80: filter chains match alike") {
		t.Errorf("got\n%s", text)
	}
}

// FuzzVerify holds that no bytes make the comparison panic.
func FuzzVerify(f *testing.F) {
	for _, name := range []string{"patched.json", "other.json"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, dump []byte) {
		path := filepath.Join(t.TempDir(), "dump.json")
		if err := os.WriteFile(path, dump, 0o600); err != nil {
			t.Fatal(err)
		}
		o := Options{Source: offline.Source{Paths: []string{"testdata/mesh.yaml"}, Namespace: "default"}, Dumps: []string{path}, Output: "text"}
		_ = Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: new(strings.Builder), Err: new(strings.Builder)})
	})
}
