package istiod

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// maxRevisions bounds how many control planes are followed: each is watched, and is a mesh of its own in memory.
const maxRevisions = 8

// OtherRevisions returns the revisions of found beside one, "" for the default, that are followed, in their order, and how many more
// are not.
func OtherRevisions(revision string, found []string) (followed []string, more int) {
	revision = cmp.Or(revision, mesh.DefaultRevision)
	others := slices.DeleteFunc(slices.Clone(found), func(name string) bool { return name == revision })
	slices.Sort(others)
	others = slices.Compact(others)
	n := min(len(others), maxRevisions-1)
	return others[:n], len(others) - n
}

// NotFollowed returns what a person should know of control planes beyond those that are followed.
func NotFollowed(more int) string {
	return fmt.Sprintf("control planes of %d more revisions: the first %d are followed", more, maxRevisions)
}

// RevisionsNote returns what a person should know of the control planes in a mesh: that several are judged, and which are there and
// are not.
func RevisionsNote(s *mesh.Snapshot) string {
	var judged, others []string
	for _, m := range s.Meshes() {
		judged = append(judged, m.Revision())
	}
	slices.Sort(judged)
	found := s.Revisions()
	for _, revision := range found {
		if !slices.Contains(judged, revision) {
			others = append(others, revision)
		}
	}
	switch {
	case len(others) == 0 && len(judged) == 1:
		return ""
	case len(others) == 0:
		return fmt.Sprintf("control planes of several revisions: %s; each object is judged in the mesh of each", strings.Join(judged, ", "))
	case len(others) == len(found):
		return fmt.Sprintf("the mesh of revision %s is judged (mesh.revision), and control planes are there of %s alone",
			strings.Join(judged, ", "), strings.Join(found, ", "))
	default:
		return fmt.Sprintf("control planes of several revisions: %s; the mesh of %s is judged, not what the others make of the same objects",
			strings.Join(found, ", "), strings.Join(judged, ", "))
	}
}
