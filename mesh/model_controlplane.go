package mesh

import (
	"cmp"
	"maps"
	"slices"
)

// Which control planes there are. One is judged: that of Settings.Revision.

// istiodRevision returns the revision of the control plane whose Service an object is; ok is false for any other. Services of
// revision tags have the same labels, and the revision that the tag stands for
// (manifests/charts/istio-control/istio-discovery/templates/service.yaml, revision-tags-svc.yaml).
func istiodRevision(o *Object) (revision string, ok bool) {
	if o.Kind != KindService || o.Labels["app"] != "istiod" {
		return "", false
	}
	return cmp.Or(o.Labels[revisionLabel], DefaultRevision), true
}

// Revisions returns the revisions of the control planes whose Services there are, in their order.
func (s *Snapshot) Revisions() []string {
	found := map[string]bool{}
	for _, revision := range s.istiods.Prefix("") {
		found[revision] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// isOfOtherControlPlane reports whether an object is for a control plane that is there and is not the one that is judged.
func (s *Snapshot) isOfOtherControlPlane(o *Object) bool {
	return !s.settings.inRevision(o) && slices.Contains(s.Revisions(), o.Labels[revisionLabel])
}
