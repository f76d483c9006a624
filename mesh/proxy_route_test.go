package mesh_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/mesh"
)

// TestRoutesAsIstio holds where Istio sends what is meant for a host, where this model once did not.
func TestRoutesAsIstio(t *testing.T) {
	raw, err := os.ReadFile("testdata/routes-as-istio.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name  string            `json:"name"`
		Mesh  []json.RawMessage `json:"mesh"`
		Host  string            `json:"host"`
		Port  uint32            `json:"port"`
		Istio string            `json:"istio"`
	}
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			s := snapshotOf(t, c.Mesh)
			if got := destinations(s, c.Host, c.Port); got != c.Istio {
				t.Errorf("got %s, want %s", got, c.Istio)
			}
		})
	}
}

func destinations(s *mesh.Snapshot, host string, port uint32) string {
	list, known := s.Destinations(mesh.Client{Kind: mesh.ClientSidecar, Namespace: "default"}, host, port)
	if !known {
		return "no such service"
	}
	return briefly(list)
}

// TestGatewayRoutesAsIstio does so for what comes to gateways.
func TestGatewayRoutesAsIstio(t *testing.T) {
	raw, err := os.ReadFile("testdata/gateway-routes-as-istio.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name      string            `json:"name"`
		Mesh      []json.RawMessage `json:"mesh"`
		Port      uint32            `json:"port"`
		SNI       string            `json:"sni"`
		Authority string            `json:"authority"`
		Istio     string            `json:"istio"`
	}
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	gateway := mesh.Client{Kind: mesh.ClientGateway, Namespace: "istio-system", Labels: map[string]string{"istio": "egressgateway"}}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			list, known := snapshotOf(t, c.Mesh).GatewayDestinations(gateway, c.Port, c.SNI, c.Authority)
			got := "not taken"
			if known {
				got = briefly(list)
			}
			if got != c.Istio {
				t.Errorf("got %s, want %s", got, c.Istio)
			}
		})
	}
}

func briefly(list []mesh.Destination) string {
	var names []string
	for _, d := range list {
		name := fmt.Sprintf("%s:%d", d.Host, d.Port)
		if d.Authority != "" {
			name += " as " + d.Authority
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return "[" + strings.Join(slices.Compact(names), ", ") + "]"
}
