package offline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// parse reads the documents of a file f.yaml.
func parse(t *testing.T, text string) []manifests.Document {
	t.Helper()
	docs, err := manifests.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func load(t *testing.T, text string) *Mesh {
	t.Helper()
	m, err := Load(mesh.DefaultSettings(), parse(t, text), "default")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLoad(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // the objects, each with its line
		notes      []string
	}{
		{"nothing", "", nil, nil},
		{"in the order of the file", `
{apiVersion: v1, kind: Service, metadata: {name: b, namespace: shop}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}}
`, []string{"2: Service shop/b", "4: Service shop/a"}, nil},
		{"without a namespace", `
{apiVersion: v1, kind: Service, metadata: {name: a}}
---
{apiVersion: v1, kind: Service, metadata: {name: b, namespace: ""}}
`, []string{"2: Service default/a", "4: Service default/b"}, nil},
		{"a Namespace has none", `{apiVersion: v1, kind: Namespace, metadata: {name: shop}}`, []string{"1: Namespace shop"}, nil},
		{"kinds that the mesh does not read", `
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: example.com/v1, kind: ServiceEntry, metadata: {name: a}}
`, nil, nil},
		{"the same object twice", `
{apiVersion: v1, kind: Service, metadata: {name: a, labels: {from: first}}}
---
{apiVersion: v1, kind: Service, metadata: {name: b}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default, labels: {from: last}}}
`, []string{"6: Service default/a", "4: Service default/b"},
			[]string{"f.yaml:6: Service default/a is at f.yaml:2 too: the later one stands"}},
		{"one name in two namespaces", `
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: bank}}
`, []string{"2: Service shop/a", "4: Service bank/a"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := load(t, test.text)
			var got []string
			for _, o := range m.Objects {
				got = append(got, fmt.Sprintf("%d: %s", o.Line, o.Ref))
				if m.Snapshot.Get(o.Ref) == nil {
					t.Errorf("%s is not in the mesh", o.Ref)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if !slices.Equal(m.Notes, test.notes) {
				t.Errorf("notes %q, want %q", m.Notes, test.notes)
			}
		})
	}
}

// TestTheLaterObjectStands: in the list and in the mesh.
func TestTheLaterObjectStands(t *testing.T) {
	const entry = `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: {hosts: [HOST], ports: [{number: 443, name: tls, protocol: TLS}]}}`
	m := load(t, strings.Replace(entry, "HOST", "first.example", 1)+"\n---\n"+strings.Replace(entry, "HOST", "last.example", 1))
	if len(m.Snapshot.Ports("first.example")) != 0 || len(m.Snapshot.Ports("last.example")) != 1 {
		t.Error("the mesh has the first")
	}
	if len(m.Objects) != 1 || !strings.Contains(string(m.Objects[0].Stored), "last.example") {
		t.Errorf("the list has the first: %s", m.Objects[0].Stored)
	}
}

// An object counts as the API server stores it: fields by another name are dropped, and told with the right one.
func TestFieldsOfOtherNamesAreNotStored(t *testing.T) {
	m := load(t, `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec: {host: a.example, traffic_policy: {tls: {mode: SIMPLE}}}
`)
	o := m.Objects[0]
	if strings.Contains(string(o.Stored), "traffic_policy") {
		t.Errorf("stored: %s", o.Stored)
	}
	if want := "unknown field spec.traffic_policy (did you mean trafficPolicy?)"; len(o.Unknown) != 1 || o.Unknown[0].String() != want {
		t.Errorf("unknown: %v, want %s", o.Unknown, want)
	}
}

func TestStoredHasTheNamespace(t *testing.T) {
	m := load(t, `{apiVersion: v1, kind: Service, metadata: {name: a, labels: {b: c}}, spec: {externalName: x}}`)
	var got struct {
		Metadata struct {
			Name, Namespace string
			Labels          map[string]string
		}
		Spec map[string]any
	}
	if err := json.Unmarshal(m.Objects[0].Stored, &got); err != nil {
		t.Fatal(err)
	}
	if got.Metadata.Namespace != "default" || got.Metadata.Labels["b"] != "c" || got.Spec["externalName"] != "x" {
		t.Errorf("got %s", m.Objects[0].Stored)
	}
}

func TestLoadNamesEachObjectThatCannotBeRead(t *testing.T) {
	_, err := Load(mesh.DefaultSettings(), parse(t, `
{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: {hosts: 3}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b}, spec: {host: [x]}}
---
{apiVersion: v1, kind: Service, metadata: {name: fine}}
`), "default")
	for _, want := range []string{"f.yaml:2: ServiceEntry default/a: spec.hosts: want a list", "f.yaml:4: DestinationRule default/b: spec.host: want a text"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

const unmutated = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: [a.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b}
spec:
  hosts: [b.example]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  resolution: DNS
`

func TestMutate(t *testing.T) {
	m := load(t, unmutated)
	before := m.Snapshot
	m.Evaluator = &admission.Evaluator{Config: v1alpha1.DefaultConfig()}
	if err := m.Mutate(); err != nil {
		t.Fatal(err)
	}
	a, b := m.Objects[0], m.Objects[1]
	if len(a.Patch) != 1 || a.Patch[0].Path != "/spec/ports/0/targetPort" || !strings.Contains(string(a.Stored), `"targetPort":443`) {
		t.Errorf("patch %v, stored %s", a.Patch, a.Stored)
	}
	if len(b.Patch) != 0 {
		t.Errorf("what a person wrote is changed: %v", b.Patch)
	}
	client := mesh.Client{Kind: mesh.ClientSidecar, Namespace: "default"}
	if port := m.Snapshot.Resolve(client, "a.example", 80).Hops[0].Port; port != 443 {
		t.Errorf("the mesh sends to port %d", port)
	}
	if port := before.Resolve(client, "a.example", 80).Hops[0].Port; port != 80 {
		t.Errorf("the mesh before is changed: it sends to port %d", port)
	}
	if err := m.Mutate(); err != nil || len(a.Patch) != 1 {
		t.Errorf("the second time: %v, patch %v", err, a.Patch)
	}
}

func TestMutateNamesTheObject(t *testing.T) {
	m := load(t, unmutated)
	m.Objects[1].Stored = []byte("{")
	m.Evaluator = &admission.Evaluator{Config: v1alpha1.DefaultConfig()}
	err := m.Mutate()
	if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:10: ") {
		t.Errorf("got %v", err)
	}
}

func TestLocate(t *testing.T) {
	m := load(t, unmutated)
	ref := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "b"}
	tests := []struct {
		name     string
		decision mesh.Decision
		want     string
	}{
		{"a field", mesh.Decision{Object: ref, Field: "spec.ports[0].targetPort"}, "f.yaml:15"},
		{"a field that is not written down", mesh.Decision{Object: ref, Field: "spec.location"}, "f.yaml:13"},
		{"the object", mesh.Decision{Object: ref}, "f.yaml:10"},
		{"an object of none of the files", mesh.Decision{Object: mesh.Ref{Kind: "Gateway", Name: "x"}}, ""},
	}
	for _, test := range tests {
		if got := m.Locate(test.decision); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestDecider(t *testing.T) {
	m, err := Load(mesh.DefaultSettings(), parse(t, `
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: b}, spec: {host: x}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
`), "default")
	if err != nil {
		t.Fatal(err)
	}
	for decidedBy, want := range map[string]string{
		"DestinationRule default/b spec.host": "DestinationRule default/b: spec.host", "DestinationRule default/b": "DestinationRule default/b: ",
		"Namespace shop metadata.labels": "Namespace shop: metadata.labels", "DestinationRule other/b spec.host": "", "": "", "the mesh": "",
	} {
		o, field := m.Decider(decidedBy)
		got := ""
		if o != nil {
			got = o.Ref.String() + ": " + field
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", decidedBy, got, want)
		}
	}
}
