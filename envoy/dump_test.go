package envoy

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// loadDump returns a config dump of testdata as the proxy writes it, in JSON.
func loadDump(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadDump(t *testing.T) {
	c, err := ReadDump(bytes.NewReader(loadDump(t, "dump.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	walkAll(t, c.Config, []walkCase{
		{"through a filter of a type that nobody knows", dialled("192.0.2.9:8080", Payload{}), []string{
			"0.0.0.0_8080 > outbound|8080||a.example.com => upstream 192.0.2.1:8080" +
				" [unknown network filter example.filters.network.audit (example.audit.v1.Audit)]",
		}},
		{"through a filter in a TypedStruct", dialled("192.0.2.9:8081", Payload{}), []string{
			"0.0.0.0_8081 > outbound|8080||a.example.com => upstream 192.0.2.1:8080" +
				" [unknown network filter example.filters.network.wasm (example.wasm.v1.Wasm)]",
		}},
	})
	var unread []string
	for _, u := range slices.Concat(c.Unread, c.Refused, c.Warming) {
		unread = append(unread, u.String())
	}
	for _, want := range []string{
		"unknown listener 0.0.0.0_8082 (is still warming)",
		"unknown listener 0.0.0.0_8080 (an update was refused: filter chains match alike)",
		"brandNewField",
	} {
		if !strings.Contains(strings.Join(unread, "\n"), want) {
			t.Errorf("unread %q lacks %q", unread, want)
		}
	}
}

func TestReadDumpRefuses(t *testing.T) {
	whole := string(loadDump(t, "dump.yaml"))
	for _, tc := range []struct{ name, dump, want string }{
		{"nothing", "", "it is empty"},
		{"a dump that is cut off", whole[:len(whole)/2], "it is cut off after"},
		{"JSON that is none", `{"configs": [}`, "byte 1"},
		{"two dumps in one", whole + whole, "something follows it at byte"},
		{"a list of listeners", `[{"name": "0.0.0.0_80"}]`, "istioctl proxy-config all -o json"},
		{"another JSON", `{"kind": "Pod"}`, "it has no configs"},
		{"a dump without resources", `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump"}]}`, "it has neither listeners nor"},
		{"a type without a name", `{"configs": [{"@type": "x/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [{"active_state": {"listener": {"@type": "x/1 2"}}}]}]}`, `no type can have the name 1 2`},
		{"a field of another kind", `{"configs": [{"@type": "x/envoy.admin.v3.ClustersConfigDump", "version_info": {}}]}`, "envoy.admin.v3.ClustersConfigDump: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ReadDump(strings.NewReader(tc.dump))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// FuzzReadDump holds that no bytes make the reader panic, nor a walk through what it read.
func FuzzReadDump(f *testing.F) {
	f.Add(loadDump(f, "dump.yaml"))
	f.Add([]byte(`{"configs": [{"@type": "x/envoy.admin.v3.ListenersConfigDump"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadDump(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, p := range []Payload{{}, get("a.example.com", "/"), {HTTP: &Request{}}, hello("a.example.com", "h2")} {
			for _, at := range []string{"192.0.2.9:8080", "192.0.2.9:8081", "[2001:db8::1]:8080"} {
				if len(c.Walk(dialled(at, p))) == 0 || len(c.Walk(outbound(at, p))) == 0 {
					t.Error("a connection without an outcome")
				}
			}
		}
	})
}
