package mesh

import (
	"slices"
	"testing"
)

func namespaceOf(name string, labels map[string]string) *Object {
	return &Object{Ref: Ref{Kind: KindNamespace, Name: name}, Labels: labels}
}

func twoControlPlanes(t *testing.T) *Snapshot {
	t.Helper()
	settings, canary := DefaultSettings(), DefaultSettings()
	canary.Revision, canary.RootNamespace = "canary", "canary-root"
	settings.Others = []Settings{canary}
	return New(settings,
		namespaceOf("stays", nil), namespaceOf("moved", map[string]string{revisionLabel: "canary"}),
		namespaceOf("nobodys", map[string]string{revisionLabel: "old"}),
		// istio-injection goes before a revision
		namespaceOf("injected", map[string]string{revisionLabel: "canary", injectionLabel: "enabled"}))
}

func TestMeshOfNamespace(t *testing.T) {
	s := twoControlPlanes(t)
	for name, want := range map[string]string{"stays": "default", "moved": "canary", "nobodys": "default", "injected": "default", "unknown": "default"} {
		equal(t, "mesh of "+name, s.MeshOf(name).Revision(), want)
	}
	for _, m := range s.Meshes() {
		if len(m.Meshes()) != 1 {
			t.Errorf("the mesh of %s has others beside it", m.Revision())
		}
		for name, want := range map[string]string{"stays": "default", "moved": "canary"} {
			have := m.Configures(Client{Kind: ClientSidecar, Namespace: name})
			if have != (want == m.Revision()) {
				t.Errorf("%s configures %s: %t", m.Revision(), name, have)
			}
		}
		if !m.Configures(Client{Kind: ClientZtunnel, Namespace: "stays"}) {
			t.Errorf("%s: no object says which control plane a ztunnel asks", m.Revision())
		}
	}
}

// Each control plane reads the objects without a label and its own, by its own MeshConfig, whatever changes.
func TestEachMeshFollowsEveryChange(t *testing.T) {
	s := twoControlPlanes(t)
	entry := func(revision string) *Object {
		o := objects(t, `ServiceEntry shop/api: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}`)[0]
		if revision != "" {
			o.Labels = map[string]string{revisionLabel: revision}
		}
		return o
	}
	readBy := func(s *Snapshot) []string {
		var list []string
		for _, m := range s.Meshes() {
			if len(m.Ports("api.example.com")) > 0 {
				list = append(list, m.Revision())
			}
		}
		return list
	}
	equalLists := func(what string, have []string, want ...string) {
		t.Helper()
		if !slices.Equal(have, want) {
			t.Errorf("%s: %q, want %q", what, have, want)
		}
	}
	with := s.With(entry(""))
	equalLists("without a label", readBy(with), "default", "canary")
	equalLists("of canary", readBy(with.With(entry("canary"))), "canary")
	equalLists("of default", readBy(with.With(entry("default"))), "default")
	equalLists("gone", readBy(with.Without(entry("").Ref)))
	equalLists("gone with its namespace", readBy(with.WithoutNamespace("shop")))
	terminating := entry("canary")
	terminating.Terminating = true
	equalLists("terminating in one", readBy(s.With(terminating)), "canary")
	equalLists("once that is gone", readBy(s.With(terminating).WithoutTerminating()))
	equalLists("back, where only the mesh that does not read it has it yet", readBy(s.With(terminating).WithoutTerminating().With(terminating)), "canary")
	equalLists("before", readBy(s))
	equal(t, "completed by the mesh that reads it", s.MeshFor(entry("canary")).Revision(), "canary")
	equal(t, "completed by the first", s.MeshFor(entry("")).Revision(), "default")
	equal(t, "completed by the first, where no control plane reads it", s.MeshFor(entry("old")).Revision(), "default")
}

// While there is one control plane, its Snapshot is all that there is.
func TestOneMesh(t *testing.T) {
	s := New(DefaultSettings(), namespaceOf("moved", map[string]string{revisionLabel: "canary"}))
	if all := s.Meshes(); len(all) != 1 || all[0] != s || s.labelledNamespaces.Len() != 0 {
		t.Errorf("%d meshes", len(all))
	}
	if !s.Configures(Client{Kind: ClientSidecar, Namespace: "moved"}) {
		t.Error("the only control plane does not configure a namespace with the label of another")
	}
}

// Where no Namespace belongs to it a control plane has no pods, and an object of its revision is told of.
func TestControlPlaneWithoutPods(t *testing.T) {
	s := twoControlPlanes(t)
	canary := &Object{Ref: Ref{Kind: KindDestinationRule, Namespace: "stays", Name: "a"}, Labels: map[string]string{revisionLabel: "canary"}}
	if s.isOfOtherControlPlane(canary) {
		t.Error("its control plane has pods, and judges it")
	}
	s = s.Without(Ref{Kind: KindNamespace, Name: "moved"})
	if !s.isOfOtherControlPlane(canary) {
		t.Error("nobody judges it")
	}
	for _, m := range s.Meshes() {
		if have, want := m.Configures(Client{Kind: ClientSidecar, Namespace: AnyNamespace}), m.Revision() == "default"; have != want {
			t.Errorf("%s configures any namespace: %t", m.Revision(), have)
		}
	}
}

// A waypoint belongs to the control plane of its Gateway's label, or else of its namespace.
func TestControlPlaneOfWaypoint(t *testing.T) {
	gateway := func(labels map[string]string) *Object {
		o := objects(t, `KubernetesGateway moved/waypoint: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}`)[0]
		o.Labels = labels
		return o
	}
	for label, want := range map[string]string{"": "canary", "default": "default", "canary": "canary", "old": "default"} {
		var labels map[string]string
		if label != "" {
			labels = map[string]string{revisionLabel: label}
		}
		for _, m := range twoControlPlanes(t).With(gateway(labels)).Meshes() {
			if have := m.Configures(Client{Kind: ClientWaypoint, Namespace: "moved"}); have != (want == m.Revision()) {
				t.Errorf("label %q: %s configures it: %t", label, m.Revision(), have)
			}
		}
	}
}
