package policies

import (
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// A violation has the strictest ceiling of the object's namespace and of whose connections it is about.
func TestCeilings(t *testing.T) {
	flow := func(kind mesh.ClientKind, namespace, host string) mesh.Flow {
		return mesh.Flow{Path: mesh.Path{Client: mesh.Client{Kind: kind, Namespace: namespace}, Host: host, Port: 80}}
	}
	on := func(f mesh.Flow) Violation { return Violation{Host: f.Host, Port: f.Port, Client: f.Client.String()} }
	legacy, old := flow(mesh.ClientSidecar, "legacy", "a"), flow(mesh.ClientSidecar, "old", "a")
	shop, anybody := flow(mesh.ClientSidecar, "shop", "a"), flow(mesh.ClientSidecar, mesh.AnyNamespace, "a")
	gateway, waypoint := flow(mesh.ClientGateway, "legacy", "a"), flow(mesh.ClientWaypoint, "legacy", "a")
	for name, c := range map[string]struct {
		namespace string
		egress    []mesh.Flow
		violation Violation
		want      v1alpha1.Action
	}{
		"its own":                                {"legacy", []mesh.Flow{legacy}, on(legacy), v1alpha1.Audit},
		"its own beside another's":               {"legacy", []mesh.Flow{legacy, shop}, on(legacy), v1alpha1.Audit},
		"another's":                              {"legacy", []mesh.Flow{legacy, shop}, on(shop), v1alpha1.Deny},
		"another's that warns":                   {"legacy", []mesh.Flow{old}, on(old), v1alpha1.Warn},
		"of an object of another":                {"shop", []mesh.Flow{legacy}, on(legacy), v1alpha1.Deny},
		"of an object of one that warns":         {"old", []mesh.Flow{legacy}, on(legacy), v1alpha1.Warn},
		"any other namespace":                    {"legacy", []mesh.Flow{legacy, anybody}, on(anybody), v1alpha1.Deny},
		"a gateway carries others' requests":     {"legacy", []mesh.Flow{gateway}, on(gateway), v1alpha1.Deny},
		"a waypoint carries others' requests":    {"legacy", []mesh.Flow{waypoint}, on(waypoint), v1alpha1.Deny},
		"the object itself":                      {"legacy", nil, Violation{}, v1alpha1.Audit},
		"the object itself, with another's flow": {"legacy", []mesh.Flow{legacy, shop}, Violation{}, v1alpha1.Deny},
		"whom the policy alone knows":            {"legacy", []mesh.Flow{legacy, shop}, Violation{Client: "pods of mine"}, v1alpha1.Deny},
		"no namespace":                           {"", nil, Violation{}, v1alpha1.Deny},
	} {
		in := &Input{Request: Request{Namespace: c.namespace}, Egress: c.egress, Ceilings: map[string]v1alpha1.Action{"legacy": v1alpha1.Audit, "old": v1alpha1.Warn}}
		found := []Violation{c.violation}
		found[0].Action = v1alpha1.Deny
		applyCeilings(found, in)
		if found[0].Action != c.want {
			t.Errorf("%s: %s, want %s", name, found[0].Action, c.want)
		}
		found[0].Action = v1alpha1.Audit
		if applyCeilings(found, in); found[0].Action != v1alpha1.Audit {
			t.Errorf("%s: a ceiling raises it", name)
		}
	}
}

// What an object does to others without any of their connections leaving counts, too.
func TestCeilingsOfOthers(t *testing.T) {
	policy := func(namespace string) *mesh.OpenedWorkloads {
		return &mesh.OpenedWorkloads{Policy: &mesh.Ref{Kind: mesh.KindAuthorizationPolicy, Namespace: namespace, Name: "keep"}}
	}
	leg := func(ingress, service string) []mesh.IngressLeg {
		return []mesh.IngressLeg{{Ingress: mesh.Ref{Kind: mesh.KindIngress, Namespace: ingress, Name: "in"}, Service: service + "/gateway"}}
	}
	for name, c := range map[string]struct {
		in   Input
		want v1alpha1.Action
	}{
		"its own policy":                     {Input{Opened: policy("legacy")}, v1alpha1.Audit},
		"another's policy":                   {Input{Opened: policy("shop")}, v1alpha1.Deny},
		"the policy under review":            {Input{Opened: &mesh.OpenedWorkloads{}}, v1alpha1.Audit},
		"its own Ingress to a Service of it": {Input{IngressLegs: leg("legacy", "legacy")}, v1alpha1.Audit},
		"another's Ingress":                  {Input{IngressLegs: leg("shop", "legacy")}, v1alpha1.Deny},
		"an Ingress to another's Service":    {Input{IngressLegs: leg("legacy", "shop")}, v1alpha1.Deny},
	} {
		c.in.Request.Namespace, c.in.Ceilings = "legacy", map[string]v1alpha1.Action{"legacy": v1alpha1.Audit}
		found := []Violation{{Action: v1alpha1.Deny}}
		if applyCeilings(found, &c.in); found[0].Action != c.want {
			t.Errorf("%s: %s, want %s", name, found[0].Action, c.want)
		}
	}
}
