package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// Which patches of EnvoyFilters may change a flow.

// isForFlow reports whether the patch may change a flow, or one of the others for which it stands
// (pilot/pkg/model/push_context.go EnvoyFilters, pilot/pkg/networking/core/envoyfilter). What it matches beside the cluster, the
// listener's port and the proxy's kind is taken to match.
func (p outboundPatch) isForFlow(f Flow, root string) bool {
	host := f.Host
	if other, _ := p.cluster(); f.OtherHosts > 0 && other != "" {
		host = other
	}
	return p.isForProxy(f.Client, root) && p.isForKind(f.Client.Kind) && p.matchesListener(f) && p.matchesCluster(host, f.Port)
}

// matchesListener reports whether the patch's match of a listener, where it has one, may be that of the listener by which a flow
// comes. A route may lead it to another port than that; a gateway's listeners, and a waypoint's, have ports of their own.
func (p outboundPatch) matchesListener(f Flow) bool {
	wanted := p.patch.GetMatch().GetListener().GetPortNumber()
	return wanted == 0 || f.Routed || f.Client.Kind != ClientSidecar || wanted == f.Port
}

// Patches returns the patches of EnvoyFilters that may change what the proxy of a client does with connections to a port of a
// host, those of the root namespace first. A client's labels are those of its pods, of a gateway's too.
func (s *Snapshot) Patches(client Client, host string, number uint32) []Decision {
	flow := Flow{Path: Path{Client: client, Host: host, Port: number}}
	namespaces := []string{s.settings.RootNamespace, client.Namespace}
	var list []Decision
	for _, namespace := range slices.Compact(namespaces) {
		for _, o := range s.objects.Prefix(KindEnvoyFilter + "\x00" + namespace + "\x00") {
			if !selectorMatches(o.Spec.(*networking.EnvoyFilter).GetWorkloadSelector().GetLabels(), client.Labels) {
				continue
			}
			for _, p := range outboundPatches(o) {
				if p.isForFlow(flow, s.settings.RootNamespace) {
					list = append(list, Decision{Object: o.Ref, Field: p.field()})
				}
			}
		}
	}
	return list
}

// PatchesSharedProxies reports whether an EnvoyFilter, outside the root namespace, may change what proxies send that others have sent them:
//
//  1. those of Gateways of the Gateway API, waypoints among them, which its targetRefs name;
//  2. those of gateways behind a Service of its namespace, which a Gateway of any namespace selects, and its own selector may.
func (s *Snapshot) PatchesSharedProxies(o *Object) bool {
	spec := o.Spec.(*networking.EnvoyFilter)
	patches := outboundPatches(o)
	if len(spec.GetTargetRefs()) > 0 {
		return len(patches) > 0
	}
	if !slices.ContainsFunc(patches, func(p outboundPatch) bool { return p.isForKind(ClientGateway) }) {
		return false
	}
	for _, svc := range s.objects.Prefix(KindService + "\x00" + o.Namespace + "\x00") {
		pods := svc.Spec.(*Service).Selector
		if _, may := joinLabels(pods, spec.GetWorkloadSelector().GetLabels()); len(pods) > 0 && may && s.areOfGateway(o.Namespace, pods) {
			return true
		}
	}
	return false
}

// areOfGateway reports whether some Gateway selects pods of a namespace with these labels.
func (s *Snapshot) areOfGateway(namespace string, pods map[string]string) bool {
	for k, v := range pods {
		for _, g := range s.gatewaysBySelector.Prefix(k + "\x00" + v + "\x00") {
			if selectorMatches(gatewaySpec(g).Selector, pods) && s.settings.gatewayReaches(g, namespace) {
				return true
			}
		}
	}
	return false
}
