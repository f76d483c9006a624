package offline

import (
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

// TestLoadTellsWhatTheAPIServerRefuses: each value at its line, and what is misspelt once.
func TestLoadTellsWhatTheAPIServerRefuses(t *testing.T) {
	tests := []struct {
		name, docs    string
		broken, notes []string
		objects       int
	}{
		{"several values of an object", `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  ports:
  - {name: http}
  hosts: a.example
`, []string{"f.yaml:6: ServiceEntry default/a: spec.ports[0].number is missing", `f.yaml:7: ServiceEntry default/a: spec.hosts: want a list, have the text "a.example"`}, nil, 0},
		{"a misspelt field is not missing, too", "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a, namespace: b}, spec: {hots: [a.example]}}",
			[]string{"f.yaml:1: ServiceEntry b/a: unknown field spec.hots (did you mean hosts?)"}, nil, 0},
		{"no name", "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, spec: {hosts: [a.example]}}", []string{"f.yaml:1: ServiceEntry: metadata.name is missing"}, nil, 0},
		{"a kind", "apiVersion: networking.istio.io/v1\nkind: Serviceentry\n", []string{"f.yaml:2: networking.istio.io/v1 has no kind Serviceentry (did you mean networking.istio.io/v1 ServiceEntry?)"}, nil, 0},
		{"a kind like none", "apiVersion: networking.istio.io/v1\nkind: Frobnicator\n", nil,
			[]string{"f.yaml:2: networking.istio.io/v1 has no kind Frobnicator that tlsward knows: it is left alone"}, 0},
		{"nothing", "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: {hosts: [a.example]}}", nil, nil, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := Load(mesh.DefaultSettings(), parse(t, test.docs), "default")
			var broken []string
			if err != nil {
				byPlace(m.Broken)
				broken = strings.Split(m.Whole().Error(), "\n")
			}
			if !slices.Equal(broken, test.broken) || !slices.Equal(m.Notes, test.notes) || len(m.Objects) != test.objects || m.Unread != min(len(broken), 1) {
				t.Errorf("got %q, notes %q, %d objects, %d unread", broken, m.Notes, len(m.Objects), m.Unread)
			}
		})
	}
}
