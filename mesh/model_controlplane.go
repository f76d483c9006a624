package mesh

import (
	"cmp"
	"maps"
	"slices"
)

// Which control planes there are, and whose new pods are. Those of Settings are judged.

// istiodRevision returns the revision of the control plane whose Service an object is, in istiod's namespace; ok is false for any
// other: in namespaces of others anybody may write such labels. Services of revision tags have the same labels, and the revision that
// the tag stands for (manifests/charts/istio-control/istio-discovery/templates/service.yaml, revision-tags-svc.yaml).
func istiodRevision(o *Object, namespace string) (revision string, ok bool) {
	if o.Kind != KindService || o.Namespace != namespace || o.Labels["app"] != "istiod" {
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

// RevisionsIn returns the same of objects; namespace is istiod's.
func RevisionsIn(namespace string, objects ...*Object) []string {
	found := map[string]bool{}
	for _, o := range objects {
		if revision, ok := istiodRevision(o, namespace); ok {
			found[revision] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// tagLabel names the tag for which a Service of istiod stands.
const tagLabel = "istio.io/tag"

// revisionOfTag returns the revision of the control plane for which a tag stands, "" where none does. Tags are webhook configurations,
// which inject, or Services of istiod's namespace (pkg/revisions/tag_watcher.go).
func (s *Snapshot) revisionOfTag(tag string) string {
	if revision := s.settings.Tags[tag]; revision != "" {
		return revision
	}
	for key := range s.istiods.Prefix("") {
		if o, ok := s.objects.Get(key); ok && o.Labels[tagLabel] == tag {
			return o.Labels[revisionLabel]
		}
	}
	return ""
}

// tags returns the tags that there are.
func (s *Snapshot) tags() []string {
	found := slices.Collect(maps.Keys(s.settings.Tags))
	for key := range s.istiods.Prefix("") {
		if o, ok := s.objects.Get(key); ok && o.Labels[tagLabel] != "" {
			found = append(found, o.Labels[tagLabel])
		}
	}
	return found
}

// revisionOfNamespace returns the revision of the control plane to which new pods of a namespace belong, as far as is known: that of
// the namespace's label, by its name or by a tag. Without the label, or beside istio-injection, which goes before it, it is that of
// the tag "default" (manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml, revision-tags-mwc.yaml). It is ""
// where none is known.
func (s *Snapshot) revisionOfNamespace(namespace string) string {
	wanted := DefaultRevision
	if o := s.Get(Ref{Kind: KindNamespace, Name: namespace}); o != nil {
		wanted = cmp.Or(labelOfNamespace(o), DefaultRevision)
	}
	return s.revisionOfLabel(wanted)
}

// revisionOfLabel returns the revision of the control plane that a label names, by its own name or a tag; "" where none is known. Its
// own name always counts (pkg/revisions/tag_watcher.go GetMyTags), so no tag takes it away, but for the tag "default": with it
// istioctl takes the webhook of the revision "default" out of use (istioctl/pkg/tag/generate.go).
func (s *Snapshot) revisionOfLabel(label string) string {
	own := ""
	if slices.Contains(s.revisions, label) || slices.Contains(s.Revisions(), label) {
		own = label
	}
	if label != DefaultRevision {
		return cmp.Or(own, s.revisionOfTag(label))
	}
	return cmp.Or(s.revisionOfTag(label), own)
}

// isOfOtherControlPlane reports whether an object is for a control plane that is there and in whose mesh it is not judged.
func (s *Snapshot) isOfOtherControlPlane(o *Object) bool {
	revision := o.Labels[revisionLabel]
	if s.settings.inRevision(o) || slices.Contains(s.revisions, revision) && s.isPopulated(revision) {
		return false
	}
	return slices.Contains(s.revisions, revision) || slices.Contains(s.Revisions(), revision)
}
