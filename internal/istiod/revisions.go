package istiod

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// RevisionsNote returns what a person should know of the control planes in a mesh: that there are others than the one that is
// judged.
func RevisionsNote(s *mesh.Snapshot) string {
	found, judged := s.Revisions(), cmp.Or(s.Settings().Revision, mesh.DefaultRevision)
	switch {
	case len(found) == 0 || len(found) == 1 && found[0] == judged:
		return ""
	case !slices.Contains(found, judged):
		return fmt.Sprintf("the mesh of revision %s is judged (mesh.revision), and control planes are there of %s alone", judged, strings.Join(found, ", "))
	default:
		return fmt.Sprintf("control planes of several revisions: %s; the mesh of %s is judged, not what the others make of the same objects",
			strings.Join(found, ", "), judged)
	}
}
