package mesh

import (
	"slices"
	"testing"
)

func TestRevisionsOfControlPlanes(t *testing.T) {
	istiod := func(name string, labels map[string]string) *Object {
		return &Object{Ref: Ref{Kind: KindService, Namespace: "istio-system", Name: name}, Labels: labels}
	}
	s := New(DefaultSettings(),
		istiod("istiod", map[string]string{"app": "istiod"}),
		istiod("istiod-canary", map[string]string{"app": "istiod", revisionLabel: "canary"}),
		istiod("istiod-revision-tag-prod", map[string]string{"app": "istiod", revisionLabel: "canary", "istio.io/tag": "prod"}),
		istiod("other", map[string]string{"app": "other", revisionLabel: "other"}))
	if have := s.Revisions(); !slices.Equal(have, []string{"canary", "default"}) {
		t.Errorf("have %q", have)
	}
	for revision, want := range map[string]bool{"canary": true, "default": false, "nobody": false, "other": false} {
		rule := &Object{Ref: Ref{Kind: KindDestinationRule, Namespace: "shop", Name: "a"}, Labels: map[string]string{revisionLabel: revision}}
		if have := s.isOfOtherControlPlane(rule); have != want {
			t.Errorf("%s: %t", revision, have)
		}
	}
	namespaces := map[string]string{"stays": "", "moves": "canary", "tagged": "prod", "nobodys": "old"}
	for name, label := range namespaces {
		o := &Object{Ref: Ref{Kind: KindNamespace, Name: name}, Labels: map[string]string{revisionLabel: label}}
		if label == "" {
			o.Labels = nil
		}
		s = s.With(o)
	}
	for name, want := range map[string]string{"stays": "default", "moves": "canary", "tagged": "canary", "nobodys": "", "unknown": "default"} {
		equal(t, "control plane of namespace "+name, s.revisionOfNamespace(name), want)
	}
	tagged := s.With(istiod("istiod-revision-tag-default", map[string]string{"app": "istiod", revisionLabel: "canary", "istio.io/tag": "default"}))
	equal(t, "with a default tag", tagged.revisionOfNamespace("stays"), "canary")
	s = s.Without(Ref{Kind: KindService, Namespace: "istio-system", Name: "istiod-canary"}).
		Without(Ref{Kind: KindService, Namespace: "istio-system", Name: "istiod-revision-tag-prod"})
	if have := s.Revisions(); !slices.Equal(have, []string{"default"}) {
		t.Errorf("after canary is gone: %q", have)
	}
	if have := New(DefaultSettings()).Revisions(); have != nil {
		t.Errorf("of no control plane: %q", have)
	}
}

// Only Services of istiod's own namespace are control planes' and tags': whoever has a namespace may write such labels.
func TestServicesAsIstiod(t *testing.T) {
	service := func(namespace, name, labels string) string {
		return "Service " + namespace + "/" + name + ": {metadata: {labels: {app: istiod, " + labels + "}}, ports: [{port: 80}]}\n"
	}
	both := service("planes", "istiod", "istio.io/rev: default") + service("planes", "istiod-canary", "istio.io/rev: canary")
	for name, c := range map[string]struct {
		objects        string
		revisions      []string
		label, belongs string
	}{
		"the two":                             {both, []string{"canary", "default"}, "canary", "canary"},
		"a tenant's tag":                      {both + service("evil", "x", "istio.io/rev: default, istio.io/tag: canary"), []string{"canary", "default"}, "canary", "canary"},
		"a tenant's tag of a new name":        {both + service("evil", "x", "istio.io/rev: default, istio.io/tag: next"), []string{"canary", "default"}, "next", ""},
		"a tenant's revision":                 {both + service("evil", "x", "istio.io/rev: r1"), []string{"canary", "default"}, "r1", ""},
		"in the root namespace, which is not": {both + service("istio-system", "x", "istio.io/rev: r1"), []string{"canary", "default"}, "r1", ""},
		"a tag":                               {both + service("planes", "tag", "istio.io/rev: canary, istio.io/tag: next"), []string{"canary", "default"}, "next", "canary"},
		"a tag of a revision's name":          {both + service("planes", "tag", "istio.io/rev: default, istio.io/tag: canary"), []string{"canary", "default"}, "canary", "canary"},
		"the tag default":                     {both + service("planes", "tag", "istio.io/rev: canary, istio.io/tag: default"), []string{"canary", "default"}, "default", "canary"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := DefaultSettings()
			settings.IstiodNamespace = "planes"
			settings.Others = []Settings{{Revision: "canary", RootNamespace: "istio-system"}}
			all := objects(t, c.objects+"Namespace shop: {metadata: {labels: {istio.io/rev: "+c.label+"}}}")
			s := New(settings, all...)
			for _, m := range s.Meshes() {
				if have := m.Revisions(); !slices.Equal(have, c.revisions) {
					t.Errorf("control planes of %s: %q, want %q", m.Revision(), have, c.revisions)
				}
				equal(t, "control plane of the namespace", m.revisionOfNamespace("shop"), c.belongs)
			}
			if have := RevisionsIn("planes", all...); !slices.Equal(have, c.revisions) {
				t.Errorf("of objects: %q, want %q", have, c.revisions)
			}
		})
	}
}
