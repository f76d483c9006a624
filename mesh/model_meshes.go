package mesh

import (
	"cmp"
	"slices"
)

// Several control planes over the same objects, as in a canary upgrade, are several meshes: each istiod reads the objects of its own
// revision by its own MeshConfig, and configures the pods that belong to it. A Snapshot has the meshes of the others beside its
// own (Settings.Others), and With and Without change all of them alike.

// Meshes returns the mesh of each control plane that is judged, that of the Snapshot's own settings first. Each is of itself alone.
func (s *Snapshot) Meshes() []*Snapshot {
	if len(s.others) == 0 {
		return []*Snapshot{s}
	}
	first := *s
	first.others = nil
	return append([]*Snapshot{&first}, s.others...)
}

// MeshOf returns the mesh of the control plane to which new pods of a namespace belong.
func (s *Snapshot) MeshOf(namespace string) *Snapshot {
	return s.meshOfRevision(s.judgedRevisionOf(namespace))
}

// MeshFor returns the mesh by which an object is completed: the first whose control plane reads it, s where none does.
func (s *Snapshot) MeshFor(o *Object) *Snapshot {
	for _, m := range s.Meshes() {
		if m.isRead(o) {
			return m
		}
	}
	return s
}

func (s *Snapshot) meshOfRevision(revision string) *Snapshot {
	for _, m := range s.Meshes() {
		if m.Revision() == revision {
			return m
		}
	}
	return s
}

// Revision returns the revision of the Snapshot's own control plane.
func (s *Snapshot) Revision() string { return cmp.Or(s.settings.Revision, DefaultRevision) }

// withOthers returns s with the same change in each of the meshes beside it.
func (s *Snapshot) withOthers(change func(*Snapshot) *Snapshot) *Snapshot {
	if len(s.others) == 0 {
		return s
	}
	changed := make([]*Snapshot, len(s.others))
	for i, other := range s.others {
		changed[i] = change(other)
	}
	s.others = changed
	return s
}

// isJudged reports whether there is a mesh of a revision among those that are judged.
func (s *Snapshot) isJudged(revision string) bool {
	return revision == s.Revision() || slices.Contains(s.revisions, revision)
}

// judgedRevisionOf returns the revision of the judged control plane to which new pods of a namespace belong.
func (s *Snapshot) judgedRevisionOf(namespace string) string {
	if len(s.revisions) == 0 {
		return s.Revision()
	}
	return s.judged(s.revisionOfNamespace(namespace))
}

// judged returns a revision, or the first one's where it is not known, or not judged.
func (s *Snapshot) judged(revision string) string {
	if slices.Contains(s.revisions, revision) {
		return revision
	}
	return s.revisions[0]
}

// Configures reports whether a control plane is that of a client's proxy. While there is one alone it is. Which one a ztunnel asks
// for its configuration no object says, so it counts in each mesh.
func (s *Snapshot) Configures(c Client) bool {
	switch {
	case len(s.revisions) == 0 || c.Kind == ClientZtunnel || c.Namespace == "":
		return true
	case c.Namespace == AnyNamespace:
		return s.hasPods()
	case c.Kind == ClientWaypoint:
		return s.hasWaypointIn(c.Namespace)
	}
	return s.judgedRevisionOf(c.Namespace) == s.Revision()
}

// hasWaypointIn reports whether a waypoint of a namespace belongs to the control plane: by the label of its Gateway, or else of its
// namespace (pilot/pkg/config/kube/gateway/deploymentcontroller.go, pkg/revisions/tag_watcher.go IsMine).
func (s *Snapshot) hasWaypointIn(namespace string) bool {
	for _, o := range s.objects.Prefix(KindKubernetesGateway + "\x00" + namespace + "\x00") {
		revision := s.judgedRevisionOf(namespace)
		if label, ok := o.Labels[revisionLabel]; ok {
			revision = s.judged(s.revisionOfLabel(label))
		}
		if revision == s.Revision() && s.isWaypoint(o) {
			return true
		}
	}
	return false
}

// hasPods reports whether the control plane has pods: it is the one of namespaces without a label, or some Namespace has its.
func (s *Snapshot) hasPods() bool { return s.isPopulated(s.Revision()) }

func (s *Snapshot) isPopulated(revision string) bool {
	if s.judged(s.revisionOfLabel(DefaultRevision)) == revision {
		return true
	}
	for _, label := range append(s.tags(), revision) {
		if s.revisionOfLabel(label) != revision {
			continue
		}
		for range s.labelledNamespaces.Prefix(label + "\x00") {
			return true
		}
	}
	return false
}

// labelOfNamespace returns the label by which the pods of a Namespace are those of a control plane, "" where they are by none.
func labelOfNamespace(o *Object) string {
	if o.Kind != KindNamespace || o.Labels[injectionLabel] != "" {
		return ""
	}
	return o.Labels[revisionLabel]
}

// Judges reports whether a review of an object, which is deleted where before alone has it, is to be judged in this mesh: the
// control plane reads it, before or after, and has pods that it may have to do with. Policies for callers and for extensions are
// for pods of their own namespace, where that is not the root namespace.
func (s *Snapshot) Judges(before *Snapshot, ref Ref) bool {
	switch {
	case len(s.revisions) == 0 || ref.Kind == KindNamespace:
		return true
	case before.Get(ref) == nil && s.Get(ref) == nil:
		return false
	case slices.Contains(ownPodsKinds(), ref.Kind) && ref.Namespace != s.settings.RootNamespace:
		return s.judgedRevisionOf(ref.Namespace) == s.Revision() || s.hasWaypointIn(ref.Namespace)
	}
	return s.hasPods()
}

// ownPodsKinds returns the kinds that say something of pods of their own namespace alone.
func ownPodsKinds() []string {
	return []string{KindAuthorizationPolicy, KindPeerAuthentication, KindRequestAuthentication, KindProxyConfig, KindEnvoyFilter, KindWasmPlugin,
		KindTrafficExtension, KindSidecar}
}

// Moved returns the two meshes between which a Namespace moves its pods: the one before, of before, and the one after, of after; ok
// is false where it moves none.
func Moved(before, after *Snapshot, namespace string) (from, to *Snapshot, ok bool) {
	old, now := before.judgedRevisionOf(namespace), after.judgedRevisionOf(namespace)
	return before.meshOfRevision(old), after.meshOfRevision(now), old != now
}
