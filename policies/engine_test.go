package policies

import (
	"testing"

	"github.com/tlsward/tlsward/config"
	"github.com/tlsward/tlsward/mesh"
)

func TestEvaluateDeniesAFlowThatLostTLS(t *testing.T) {
	e, err := New(t.Context(), &config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	flow := mesh.Flow{
		Path: mesh.Path{
			Client: mesh.Client{Kind: mesh.ClientSidecar, Namespace: mesh.AnyNamespace},
			Host:   "edition.cnn.com", Port: 80, Verdict: mesh.Plaintext, Hops: []mesh.Hop{{}},
		},
		Leg: mesh.LegEgress, Family: mesh.FamilyHTTP, Payload: mesh.FamilyHTTP, Before: mesh.Originated,
	}
	got, err := e.Evaluate(t.Context(), Input{Request: Request{Operation: Delete, Kind: "DestinationRule"}, Egress: []mesh.Flow{flow}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Policy != "plaintext-egress" || got[0].Action != config.Deny || got[0].Port != 80 {
		t.Errorf("got %+v, want one denial of plaintext-egress on port 80", got)
	}
}
