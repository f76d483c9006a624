package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// Admits says who gets to the pods of a Service without an identity of the mesh.
type Admits string

// Who is let in, the worst first.
const (
	// Anybody: whoever reaches the port, plaintext callers included.
	Anybody Admits = "anybody"
	// SomeRule: a rule of a policy asks for no identity.
	SomeRule Admits = "some-rule"
	// Outside: clients of an ingress gateway have none, and come from outside.
	Outside Admits = "outside"
	// AnyWorkload: whoever has a certificate of the mesh; nobody without.
	AnyWorkload Admits = "any-workload"
	// Named: those that policies name.
	Named Admits = "named"
)

// AllAdmits returns all of them, the worst first.
func AllAdmits() []Admits { return []Admits{Anybody, SomeRule, Outside, AnyWorkload, Named} }

// Bad reports whether a caller without an identity is let in where one has to have it.
func (a Admits) Bad() bool { return a == Anybody || a == SomeRule }

// Workload is who is let in to the pods of a Service.
type Workload struct {
	mesh.Entrance
	Admits Admits
	// DecidedBy are the objects and fields that decided; none where it is Istio's default.
	DecidedBy []string
}

// Workloads returns who is let in to the pods of each Service. findings are those of the same mesh: what they say of its
// AuthorizationPolicies counts.
func Workloads(snap *mesh.Snapshot, findings []Finding) []Workload {
	gaps := map[mesh.Ref][]string{}
	for _, f := range findings {
		if f.Policy == "missing-principals" && f.Object.Kind == mesh.KindAuthorizationPolicy && f.Action != v1alpha1.Off {
			gaps[f.Object] = append(gaps[f.Object], cmp.Or(f.DecidedBy, f.Object.String()))
		}
	}
	var list []Workload
	for _, e := range snap.Entrances() {
		list = append(list, workload(e, gaps))
	}
	return list
}

func workload(e mesh.Entrance, gaps map[mesh.Ref][]string) Workload {
	w := Workload{Entrance: e}
	for _, policy := range e.Allow {
		w.DecidedBy = append(w.DecidedBy, gaps[policy]...)
	}
	strict := e.MTLS == "STRICT"
	switch {
	case len(e.Ingress) > 0:
		w.Admits, w.DecidedBy = Outside, []string{"Gateway " + strings.Join(e.Ingress, ", ")}
	case e.KeepsOut != nil:
		w.Admits, w.DecidedBy = AnyWorkload, []string{e.KeepsOut.String()}
		if len(e.Allow) > 0 {
			w.Admits = Named
		}
	case strict && (len(e.Allow) == 0 || len(w.DecidedBy) > 0):
		w.Admits, w.DecidedBy = AnyWorkload, []string{e.MTLSBy.String()}
	case len(e.Allow) == 0:
		w.Admits = Anybody
		if e.MTLSBy != nil {
			w.DecidedBy = []string{e.MTLSBy.String()}
		}
	case len(w.DecidedBy) > 0:
		w.Admits = SomeRule
	default:
		w.Admits = Named
		for _, policy := range e.Allow {
			w.DecidedBy = append(w.DecidedBy, policy.String())
		}
	}
	return w
}

// WorstWorkloadsFirst sorts workloads by whom they let in, then by namespace and name.
func WorstWorkloadsFirst(list []Workload) {
	order := AllAdmits()
	slices.SortStableFunc(list, func(a, b Workload) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Admits), slices.Index(order, b.Admits)),
			cmp.Compare(a.Service.Namespace, b.Service.Namespace), cmp.Compare(a.Service.Name, b.Service.Name))
	})
}
