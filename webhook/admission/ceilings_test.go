package admission

import (
	"fmt"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// A namespace's label counts where it is a word that lowers anything, and stays what it is by the change.
func TestCeilingsOfNamespaces(t *testing.T) {
	namespace := func(name, label string) *mesh.Object {
		o := &mesh.Object{Ref: mesh.Ref{Kind: mesh.KindNamespace, Name: name}, APIVersion: "v1"}
		if label != "" {
			o.Labels = map[string]string{v1alpha1.EnforcementLabel: label}
		}
		return o
	}
	before := mesh.New(mesh.DefaultSettings(), namespace("a", "audit"), namespace("w", "warn"), namespace("d", "deny"), namespace("x", "Audit"),
		namespace("none", ""), namespace("istio-system", "audit"))
	var egress []mesh.Flow
	for _, n := range []string{"w", "d", "x", "none", "istio-system", "unknown", mesh.AnyNamespace} {
		egress = append(egress, mesh.Flow{Path: mesh.Path{Client: mesh.Client{Kind: mesh.ClientSidecar, Namespace: n}}})
	}
	of := func(ref mesh.Ref, object *mesh.Object, egress []mesh.Flow) string {
		after := before
		if object != nil {
			after = before.With(object)
		}
		return fmt.Sprint((&change{ref: ref, object: object, before: before, after: after}).ceilings(egress))
	}
	for _, c := range []struct{ what, got, want string }{
		{"of all that a review touches", of(mesh.Ref{Kind: mesh.KindSidecar, Namespace: "a", Name: "s"}, nil, egress), "map[a:audit w:warn]"},
		{"of a Namespace that goes", of(mesh.Ref{Kind: mesh.KindNamespace, Name: "a"}, nil, nil), "map[a:audit]"},
		{"of one that keeps its label", of(namespace("a", "").Ref, namespace("a", "audit"), nil), "map[a:audit]"},
		{"of one that gets the label", of(namespace("none", "").Ref, namespace("none", "audit"), nil), "map[]"},
		{"of one that loses it", of(namespace("a", "").Ref, namespace("a", ""), nil), "map[]"},
		{"of a new one", of(namespace("new", "").Ref, namespace("new", "audit"), nil), "map[]"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}
