package mesh

import "testing"

func TestFlagsOf(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        Flags
	}{
		{"ENABLE_ENHANCED_DESTINATIONRULE_MERGE", "false", Flags{MergeAnyExport: true}},
		{"PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE", "0", Flags{FirstNamespace: true}},
		{"PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "TRUE", Flags{OwnGateways: true}},
		{"ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS", "t", Flags{WildcardTLS: true}},
		{"ENABLE_ENHANCED_DESTINATIONRULE_MERGE", "true", Flags{}},
		{"PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "false", Flags{}},
		{"PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "perhaps", Flags{}},
		{"PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "", Flags{}},
		{"ISTIO_DUAL_STACK", "true", Flags{}},
	} {
		equal(t, c.name+"="+c.value, FlagsOf(map[string]string{c.name: c.value}), c.want)
	}
}

// withFlags returns a snapshot of short manifests in the mesh of a control plane with flags.
func withFlags(t *testing.T, flags Flags, manifests string) *Snapshot {
	t.Helper()
	settings := DefaultSettings()
	settings.Flags = flags
	return New(settings, objects(t, manifests)...)
}

// Without ENABLE_ENHANCED_DESTINATIONRULE_MERGE rules merge whoever they are exported to.
func TestMergeAnyExport(t *testing.T) {
	const selected = `
			DestinationRule own/sel @2: {host: a.com, workloadSelector: {matchLabels: {app: web}}, subsets: [{name: v1}]}`
	for _, c := range []struct{ name, rules, own, web, other string }{
		{"the oldest policy of all wins", `
			DestinationRule own/old @1: {host: a.com, trafficPolicy: {tls: {sni: old}}}
			DestinationRule own/new @2: {host: a.com, exportTo: ["*"], trafficPolicy: {tls: {sni: new}}}`,
			"old+new policy=old(old)", "old+new policy=old(old)", "old+new policy=old(old)"},
		{"what is private is not there for others", `
			DestinationRule own/old @1: {host: a.com, exportTo: [.], trafficPolicy: {tls: {sni: old}}}
			DestinationRule own/new @2: {host: a.com, trafficPolicy: {tls: {sni: new}}}`,
			"old+new policy=old(old)", "old+new policy=old(old)", "new policy=new(new)"},
		{"a rule for some pods takes in the rule for all, which stands for the others", `
			DestinationRule own/all @3: {host: a.com, trafficPolicy: {tls: {sni: all}}}` + selected,
			"all policy=all(all)", "sel+all policy=all(all) v1=sel[0]", "all policy=all(all)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withFlags(t, Flags{MergeAnyExport: true}, c.rules)
			for client, want := range map[string]string{"sidecar own": c.own, "sidecar own app=web": c.web, "sidecar other": c.other} {
				from := parseClient(client)
				equal(t, client, ruleLine(s.lookupRules(from.Namespace, "a.com", "own").ruleFor(from)), want)
			}
		})
	}
}

func TestFirstNamespace(t *testing.T) {
	s := withFlags(t, Flags{FirstNamespace: true}, `
			ServiceEntry b/older @1: {hosts: [web.c.svc.cluster.local]}
			ServiceEntry a/private @1: {hosts: [web.c.svc.cluster.local], exportTo: [.]}
			Service c/web @2: {}`)
	list := servicePerNamespace(s.services.At("web.c.svc.cluster.local"))
	for namespace, want := range map[string]string{"x": "ServiceEntry b/older", "a": "ServiceEntry a/private", "c": "Service c/web"} {
		equal(t, "for namespace "+namespace, s.settings.Flags.pickVisibleService(list, namespace).ref, want)
	}
}

func TestOwnGateways(t *testing.T) {
	const manifests = `
			Service istio-system/egw: {selector: {istio: egw}}
			Gateway apps/mine: {selector: {istio: egw}, servers: [{port: {number: 80, protocol: HTTP}, hosts: [a.com]}]}
			Gateway istio-system/own: {selector: {istio: egw}, servers: [{port: {number: 80, protocol: HTTP}, hosts: [a.com]}]}`
	for flags, want := range map[Flags]string{{}: "apps/mine istio-system/own", {OwnGateways: true}: "istio-system/own"} {
		s, have := withFlags(t, flags, manifests), ""
		for _, g := range s.gatewaysBehind("egw.istio-system.svc.cluster.local") {
			have += " " + g.Namespace + "/" + g.Name
		}
		equal(t, "Gateways of the pods", have, " "+want)
		equal(t, "the pods of a Gateway of another namespace are known", s.knowsGatewayPods("apps/mine", nil), !flags.OwnGateways)
		equal(t, "where they are", s.clientOfGateway("apps/mine", nil).Namespace == "apps", flags.OwnGateways)
		equal(t, "they share pods", s.sharePods(objects(t, manifests)[1], objects(t, manifests)[2]), !flags.OwnGateways)
	}
}
