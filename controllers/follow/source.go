package follow

import (
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Source is the mesh that controllers follow, as it is stored, and what judges it.
type Source struct {
	// Mesh returns the mesh as it is known now, Changed a channel that is closed at the next change.
	Mesh    func() *mesh.Snapshot
	Changed func() <-chan struct{}
	// Evaluator returns what is in force, nil for nothing yet. Ready returns why the mesh is not known yet.
	Evaluator func() *admission.Evaluator
	Ready     func() error
}

// IsKnown reports whether the mesh is known, and what judges it.
func (s Source) IsKnown() bool {
	return s.Evaluator() != nil && (s.Ready == nil || s.Ready() == nil)
}
