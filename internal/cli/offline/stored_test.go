package offline

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

func TestApplied(t *testing.T) {
	tests := []struct{ name, stored, file, want string }{
		{"what others wrote stays", `{"metadata":{"labels":{"istio-injection":"enabled"}}}`, `{"metadata":{"labels":{"team":"a"}}}`,
			`{"metadata":{"labels":{"istio-injection":"enabled","team":"a"}}}`},
		{"what the file has is set", `{"spec":{"host":"a"}}`, `{"spec":{"host":"b"}}`, `{"spec":{"host":"b"}}`},
		{"what it had and has no more is removed", `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"a\":1}}"}},"spec":{"a":1,"b":2}}`,
			`{"spec":{}}`, `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"a\":1}}"}},"spec":{"b":2}}`},
		{"without a readable last apply nothing is removed", `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{"}},"spec":{"a":1}}`,
			`{"spec":{}}`, `{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{"}},"spec":{"a":1}}`},
		{"a list is one value", `{"spec":{"hosts":["a","b"]}}`, `{"spec":{"hosts":["c"]}}`, `{"spec":{"hosts":["c"]}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := applied([]byte(test.stored), []byte(test.file))
			if err != nil || string(got) != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

// stored returns the objects of a cluster.
func stored(t *testing.T, objects ...string) []manifests.Document {
	t.Helper()
	var docs []manifests.Document
	for _, raw := range objects {
		d, err := manifests.Object("cluster", []byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return docs
}

const (
	storedService = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"shop","uid":"1","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"clusterIP":"10.0.0.1"}}`
	otherService  = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"b","namespace":"shop"}}`
	brokenService = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"c","namespace":"shop"},"spec":3}`
	brokenNote    = "cluster: read Service shop/c: spec: want an object: it counts as absent, as it does for istiod"
)

func TestLoadOverACluster(t *testing.T) {
	const files = "{apiVersion: v1, kind: Service, metadata: {name: a, labels: {from: file}}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: new}}"
	tests := []struct {
		name    string
		replace bool
		want    string
	}{
		{"applied", false, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"shop","uid":"1","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"from":"file"}},"spec":{"clusterIP":"10.0.0.1"}}`},
		{"replaced", true, `{"apiVersion":"v1","kind":"Service","metadata":{"labels":{"from":"file"},"name":"a","namespace":"shop"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := cluster{objects: stored(t, storedService, otherService, brokenService), namespace: "shop", replace: test.replace}
			m := loadOver(mesh.DefaultSettings(), c, parse(t, files))
			if len(m.Objects) != 2 || string(m.Objects[0].Stored) != test.want {
				t.Fatalf("got %s", m.Objects[0].Stored)
			}
			before, review := m.Review(m.Objects[0])
			if review.Operation != policies.Update || string(review.OldObject) != storedService || before.Len() != 3 {
				t.Errorf("%s on %d objects, old %s", review.Operation, before.Len(), review.OldObject)
			}
			before, review = m.Review(m.Objects[1])
			if review.Operation != policies.Create || review.OldObject != nil || before.Len() != 2 {
				t.Errorf("%s on %d objects, old %s", review.Operation, before.Len(), review.OldObject)
			}
			if len(m.Notes) != 1 {
				t.Errorf("notes %q", m.Notes)
			}
		})
	}
}

func TestLoadStanding(t *testing.T) {
	c := cluster{objects: stored(t, storedService, otherService, brokenService), namespace: "shop"}
	m, err := c.mesh(&admission.Evaluator{Config: v1alpha1.DefaultConfig()}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range m.Objects {
		got = append(got, fmt.Sprintf("%s: %s", o.Where(), o.Ref))
	}
	if want := []string{"cluster: Service shop/a", "cluster: Service shop/b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(m.Notes) != 1 {
		t.Errorf("notes %q", m.Notes)
	}
}
