package offline

import (
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// Locate returns the place of the field that decided, as "file:line";
// "" if its object is in none of the files.
func (m *Mesh) Locate(d mesh.Decision) string {
	i, known := m.index[d.Object]
	if !known {
		return ""
	}
	return m.Objects[i].WhereIs(d.Field)
}

// Decider returns the object of the files that decided by what a violation names, as "DestinationRule shop/pay spec.host", and the
// field; nil for one of no file.
func (m *Mesh) Decider(decidedBy string) (o *Object, field string) {
	kind, rest, _ := strings.Cut(decidedBy, " ")
	name, field, _ := strings.Cut(rest, " ")
	namespace, short, namespaced := strings.Cut(name, "/")
	if !namespaced {
		namespace, short = "", name
	}
	return m.Find(mesh.Ref{Kind: kind, Namespace: namespace, Name: short}), field
}
