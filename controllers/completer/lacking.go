package completer

import (
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// maxGroup bounds how many objects are completed together. A rule for a wildcard may be for many.
const maxGroup = 256

// lacking remembers what of one mesh may lack something. Its zero value is of none.
type lacking struct {
	evaluator *admission.Evaluator
	mesh      *mesh.Snapshot
	may       map[mesh.Ref]bool
}

// of forgets what is of another mesh.
func (l *lacking) of(e *admission.Evaluator, snap *mesh.Snapshot) {
	if l.evaluator != e || l.mesh != snap {
		*l = lacking{evaluator: e, mesh: snap, may: map[mesh.Ref]bool{}}
	}
}

// lacks reports whether an object may lack something.
func (l *lacking) lacks(ref mesh.Ref) bool {
	may, known := l.may[ref]
	if !known {
		o := l.mesh.Get(ref)
		may = o != nil && l.evaluator.MayComplete(l.mesh, o)
		l.may[ref] = may
	}
	return may
}

// group returns an object with those that may lack something, too, and are of the same hosts, or of those of one of them: an entry is
// completed together with its rules.
func (l *lacking) group(ref mesh.Ref) []mesh.Ref {
	group, seen := []mesh.Ref{ref}, map[mesh.Ref]bool{ref: true}
	for i := 0; i < len(group); i++ {
		for _, host := range l.mesh.HostsOf(l.mesh.Get(group[i])) {
			for _, beside := range l.mesh.RefsOf(host) {
				if seen[beside] || !isKnown(beside) {
					continue
				}
				if seen[beside] = true; l.lacks(beside) {
					group = append(group, beside)
				}
				if len(group) >= maxGroup {
					return group
				}
			}
		}
	}
	return group
}
