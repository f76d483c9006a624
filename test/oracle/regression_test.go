package oracle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/mesh"
)

// TestRegressions sees that the answers which the model's own tests hold it to are Istio's. Waypoints are left out:
// they need a process with ambient mode on.
func TestRegressions(t *testing.T) {
	raw, err := os.ReadFile("../../mesh/testdata/as-istio.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string      `json:"name"`
		Mesh   Mesh        `json:"mesh"`
		Client mesh.Client `json:"client"`
		Host   string      `json:"host"`
		Port   uint32      `json:"port"`
		Subset string      `json:"subset"`
		Istio  string      `json:"istio"`
		// Istio130 is the answer of Istio 1.30 where it is another.
		Istio130 string `json:"istio130"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	farm := new(Farm)
	for _, c := range cases {
		if istioVersion == mesh.Version130 {
			c.Istio = cmp.Or(c.Istio130, c.Istio)
		}
		if c.Client.Kind == mesh.ClientWaypoint {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			if c.Client.Namespace == mesh.AnyNamespace {
				c.Client.Namespace = emptyNamespace
			}
			answers, err := farm.Load(t, c.Mesh).Clusters(c.Client)
			if err != nil {
				t.Fatal(err)
			}
			got := "no cluster"
			if a, ok := answers[Key{Host: c.Host, Port: c.Port, Subset: c.Subset}]; ok {
				got = brief(a)
			}
			if got != c.Istio {
				t.Errorf("got %s, want %s", got, c.Istio)
			}
		})
	}
}

// brief returns an answer in the words of the file.
func brief(a Answer) string {
	mode := a.Mode
	switch {
	case a.Auto:
		mode = "automatic"
	case mode == "":
		mode = "plaintext"
	}
	return fmt.Sprintf("%s sni=%q names=%v insecure=%v ports=%v", mode, a.SNI, a.Names, a.Insecure, a.Ports)
}

// TestRouteRegressions does so for where things are sent.
func TestRouteRegressions(t *testing.T) {
	raw, err := os.ReadFile("../../mesh/testdata/routes-as-istio.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name  string `json:"name"`
		Mesh  Mesh   `json:"mesh"`
		Host  string `json:"host"`
		Port  uint32 `json:"port"`
		Istio string `json:"istio"`
	}
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	farm := new(Farm)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			tables, err := farm.Load(t, c.Mesh).Tables(mesh.Client{Kind: mesh.ClientSidecar, Namespace: "default"})
			if err != nil {
				t.Fatal(err)
			}
			asked := Key{Host: c.Host, Port: c.Port}
			for _, q := range tables.servicePorts() {
				if q.String() != asked.String() {
					continue
				}
				targets, err := tables.answer(q)
				if err != nil {
					t.Fatal(err)
				}
				got := sidecarTargets(targets)
				if got == noService && !q.port.Protocol.IsHTTPOrSniffed() {
					got = "[]" // no chain is for it
				}
				if got != c.Istio {
					t.Errorf("got %s, want %s", got, c.Istio)
				}
				return
			}
			t.Errorf("Istio cannot be asked about %s", asked)
		})
	}
}

// TestGatewayRouteRegressions does so for what comes to gateways.
func TestGatewayRouteRegressions(t *testing.T) {
	raw, err := os.ReadFile("../../mesh/testdata/gateway-routes-as-istio.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name      string `json:"name"`
		Mesh      Mesh   `json:"mesh"`
		Port      uint32 `json:"port"`
		SNI       string `json:"sni"`
		Authority string `json:"authority"`
		Istio     string `json:"istio"`
	}
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	gateway := mesh.Client{Kind: mesh.ClientGateway, Namespace: rootNamespace, Labels: map[string]string{"istio": "egressgateway"}}
	farm := new(Farm)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			tables, err := farm.Load(t, c.Mesh).Tables(gateway)
			if err != nil {
				t.Fatal(err)
			}
			l := tables.gatewayListener(c.Port)
			if !accepted(l) {
				t.Fatal("Envoy would not take the listener")
			}
			got, err := tables.Gateway(l, c.SNI, c.Authority)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.Istio {
				t.Errorf("got %s, want %s", got, c.Istio)
			}
		})
	}
}
