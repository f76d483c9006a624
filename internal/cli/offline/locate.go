package offline

import "github.com/tlsward/tlsward/mesh"

// Locate returns the place of the field that decided, as "file:line";
// "" if its object is in none of the files.
func (m *Mesh) Locate(d mesh.Decision) string {
	i, known := m.index[d.Object]
	if !known {
		return ""
	}
	return m.Objects[i].WhereIs(d.Field)
}
