package mesh_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

// TestAsIstio holds answers that Istio's generator gave and this model once did not. test/oracle found them on random
// meshes; the answers in the file are Istio's.
func TestAsIstio(t *testing.T) {
	raw, err := os.ReadFile("testdata/as-istio.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string            `json:"name"`
		Mesh   []json.RawMessage `json:"mesh"`
		Client mesh.Client       `json:"client"`
		Host   string            `json:"host"`
		Port   uint32            `json:"port"`
		Subset string            `json:"subset"`
		Istio  string            `json:"istio"`
		// Istio130 is the answer of Istio 1.30 where it is another.
		Istio130 string `json:"istio130"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for version, want := range map[mesh.Version]string{mesh.Version130: cmp.Or(c.Istio130, c.Istio), mesh.Version131: c.Istio} {
				settings := mesh.DefaultSettings()
				settings.Version = version
				s := mesh.New(settings, decoded(t, c.Mesh)...)
				if got := answer(s.Cluster(c.Client, c.Host, c.Port, c.Subset)); got != want {
					t.Errorf("Istio %s: got %s, want %s", version, got, want)
				}
			}
		})
	}
}

// answer returns what TLS a cluster has, and its endpoints' ports, on one line.
func answer(c mesh.Cluster, ok bool) string {
	if !ok {
		return "no cluster"
	}
	mode := c.Hop.TLS
	switch {
	case c.AutoMTLS:
		mode = "automatic"
	case mode == "":
		mode = "plaintext"
	}
	return fmt.Sprintf("%s sni=%q names=%v insecure=%v ports=%v", mode, c.Hop.SNI, c.Hop.Names, c.Hop.Insecure, c.TargetPorts)
}

// snapshotOf makes a mesh of objects as JSON.
func snapshotOf(t *testing.T, raw []json.RawMessage) *mesh.Snapshot {
	t.Helper()
	return mesh.New(mesh.DefaultSettings(), decoded(t, raw)...)
}

// decoded returns objects that are given as JSON.
func decoded(t *testing.T, raw []json.RawMessage) []*mesh.Object {
	t.Helper()
	var objects []*mesh.Object
	for _, r := range raw {
		o, err := mesh.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return objects
}
