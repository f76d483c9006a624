package mesh

import (
	"slices"
	"strings"
	"testing"
)

// discovering are the settings of a control plane that reads namespaces with a label.
func discovering() Settings {
	s := DefaultSettings()
	s.DiscoverySelectors = []LabelSelector{{MatchLabels: map[string]string{"mesh": "on"}}, {MatchLabels: map[string]string{namespaceNameLabel: "named"}}}
	return s
}

func namespaces(s *Snapshot) []string {
	var names []string
	for o := range s.Objects() {
		if o.Kind == KindServiceEntry {
			names = append(names, o.Namespace)
		}
	}
	return names
}

func TestDiscoverySelectors(t *testing.T) {
	const entry = `{hosts: [a.example], ports: [{number: 80, name: http, protocol: HTTP}]}`
	all := objects(t, `
		Namespace /on: {metadata: {labels: {mesh: "on"}}}
		Namespace /off: {metadata: {labels: {mesh: "off"}}}
		ServiceEntry on/a: `+entry+`
		ServiceEntry off/a: `+entry+`
		ServiceEntry unknown/a: `+entry+`
		ServiceEntry named/a: `+entry)
	want := []string{"named", "on"}
	for range 2 { // whatever comes first
		slices.Reverse(all)
		if have := namespaces(New(discovering(), all...)); !slices.Equal(have, want) {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	s := New(discovering(), all...)
	off := s.Get(Ref{Kind: KindNamespace, Name: "off"})
	joined := *off
	joined.Labels = map[string]string{"mesh": "on"}
	if have := namespaces(s.With(&joined)); !slices.Equal(have, []string{"named", "off", "on"}) {
		t.Errorf("a namespace that is labelled brings its objects: have %q", have)
	}
	if have := namespaces(s.With(&joined).With(off)); !slices.Equal(have, want) {
		t.Errorf("one that is not any more takes them away: have %q", have)
	}
	if have := namespaces(s); !slices.Equal(have, want) {
		t.Errorf("the snapshot that it was changed: have %q", have)
	}
	if have := len(slices.Collect(s.All())); have != len(all) {
		t.Errorf("%d objects kept, want %d", have, len(all))
	}
	if have := namespaces(New(DefaultSettings(), slices.Collect(s.All())...)); !slices.Equal(have, []string{"named", "off", "on", "unknown"}) {
		t.Errorf("without selectors: have %q", have)
	}
}

// Every kind that is in a namespace is moved with it.
func TestNamespacedKinds(t *testing.T) {
	for _, kind := range namespacedKinds() {
		o := &Object{Ref: Ref{Kind: kind, Namespace: "off", Name: "a"}}
		spec, _, err := decodeSpec(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Spec = spec
		s := New(discovering(), o)
		if s.Get(o.Ref) != nil {
			t.Errorf("%s: read, though its namespace is not discovered", kind)
		}
		s = s.With(&Object{Ref: Ref{Kind: KindNamespace, Name: "off"}, Labels: map[string]string{"mesh": "on"}})
		if s.Get(o.Ref) == nil {
			t.Errorf("%s: not read, though its namespace is discovered", kind)
		}
	}
}

func TestExportToByDefault(t *testing.T) {
	const manifests = `
		ServiceEntry egress/a: {hosts: [a.example], ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	own, other := Client{Kind: ClientSidecar, Namespace: "egress"}, Client{Kind: ClientSidecar, Namespace: "shop"}
	with := func(change func(*Settings), more ...string) *Snapshot {
		settings := DefaultSettings()
		change(&settings)
		return New(settings, objects(t, strings.Join(append(more, manifests), "\n"))...)
	}
	verdict := func(s *Snapshot, c Client) Verdict { return egressVerdict(s.connectionHops(c, "a.example", 80)) }
	s := with(func(*Settings) {})
	equal(t, "everywhere by default", []Verdict{verdict(s, own), verdict(s, other)}, "[originated originated]")
	s = with(func(s *Settings) { s.DestinationRuleExportTo = []string{"."} })
	equal(t, "rules at home", []Verdict{verdict(s, own), verdict(s, other)}, "[originated plaintext]")
	s = with(func(s *Settings) { s.DestinationRuleExportTo = []string{"~", "elsewhere"} })
	equal(t, "of a rule's only . counts", []Verdict{verdict(s, own), verdict(s, other)}, "[originated originated]")
	s = with(func(s *Settings) { s.ServiceExportTo = []string{"."} })
	_, known := s.serviceFor(other, "a.example")
	equal(t, "services at home", known, "false")
	s = with(func(s *Settings) { s.ServiceExportTo = []string{"."} },
		`ServiceEntry egress/b @1: {hosts: [a.example], exportTo: [.], ports: [{number: 81, name: http, protocol: HTTP}]}`)
	svc, _ := s.serviceFor(own, "a.example")
	equal(t, "the default and the same words are not the same, so that ports do not merge", []bool{svc.hasPort(80), svc.hasPort(81)}, "[false true]")
}
