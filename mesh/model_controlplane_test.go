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
