package mesh

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	typev1beta1 "istio.io/api/type/v1beta1"
)

// outboundPatch is one of an EnvoyFilter's configPatches that changes what leaves proxies: their outbound listeners, routes
// or clusters.
type outboundPatch struct {
	filter *Object
	index  int
	patch  *networking.EnvoyFilter_EnvoyConfigObjectPatch
}

// field returns the path of the patch in its EnvoyFilter.
func (p outboundPatch) field() string { return fmt.Sprintf("spec.configPatches[%d]", p.index) }

// outboundPatches returns the patches of an EnvoyFilter that change what leaves. Those for SIDECAR_INBOUND do so at waypoints
// alone, whose listeners for the services behind them are inbound ones; an EXTENSION_CONFIG does not, which a filter must name.
func outboundPatches(o *Object) []outboundPatch {
	spec := o.Spec.(*networking.EnvoyFilter)
	var list []outboundPatch
	for i, patch := range spec.ConfigPatches {
		inbound := patch.GetMatch().GetContext() == networking.EnvoyFilter_SIDECAR_INBOUND && len(spec.TargetRefs) == 0
		if inbound || patch.GetApplyTo() == networking.EnvoyFilter_EXTENSION_CONFIG || patch.GetApplyTo() == networking.EnvoyFilter_INVALID {
			continue
		}
		list = append(list, outboundPatch{filter: o, index: i, patch: patch})
	}
	return list
}

// isForProxy reports whether the patch's EnvoyFilter is for a client's proxy (pilot/pkg/model/policyattachment.go
// ShouldAttachPolicy):
//  1. one with targetRefs is for the pods of Gateways of the Gateway API, and waypoints have no other;
//  2. any other is for what its selector selects. The labels of a gateway's pods are not known here.
func (p outboundPatch) isForProxy(client Client, root string) bool {
	spec := p.filter.Spec.(*networking.EnvoyFilter)
	refs := spec.GetTargetRefs()
	switch {
	case client.Kind == ClientZtunnel || p.filter.Namespace != root && p.filter.Namespace != client.Namespace:
		return false
	case client.Kind == ClientWaypoint:
		return slices.ContainsFunc(refs, func(ref *typev1beta1.PolicyTargetReference) bool {
			return ref.GetKind() == "GatewayClass" && p.filter.Namespace == root || ref.GetKind() == "Gateway" && p.filter.Namespace == client.Namespace
		})
	case client.Kind == ClientSidecar:
		return len(refs) == 0 && selectorMatches(spec.GetWorkloadSelector().GetLabels(), client.Labels)
	}
	return true
}

// isForKind reports whether the patch is for proxies of a kind. A waypoint has inbound listeners and both kinds of clusters; the
// context WAYPOINT is in Istio's API, and no version that the model was held against obeys it.
func (p outboundPatch) isForKind(kind ClientKind) bool {
	switch p.patch.GetMatch().GetContext() {
	case networking.EnvoyFilter_ANY:
		return true
	case networking.EnvoyFilter_SIDECAR_OUTBOUND:
		return kind != ClientGateway
	case networking.EnvoyFilter_GATEWAY:
		return kind == ClientGateway
	}
	return kind == ClientWaypoint
}

// matchesCluster reports whether the patch's match of a cluster, where it has one, is for a port of a host
// (pilot/pkg/networking/core/envoyfilter/cluster_patch.go clusterMatch).
func (p outboundPatch) matchesCluster(host string, number uint32) bool {
	match := p.patch.GetMatch().GetCluster()
	if match == nil {
		return true
	}
	service, port := p.cluster()
	return (service == "" || service == host) && (port == 0 || port == number)
}

// cluster returns the host and the port of the cluster that the patch matches; "" and 0 are any. A cluster's name is
// "outbound|PORT|SUBSET|HOST".
func (p outboundPatch) cluster() (host string, port uint32) {
	match := p.patch.GetMatch().GetCluster()
	parts := strings.Split(match.GetName(), "|")
	if match.GetName() == "" || len(parts) != 4 {
		return match.GetService(), match.GetPortNumber()
	}
	number, err := strconv.ParseUint(parts[1], 10, 16)
	if err != nil {
		return parts[3], 0
	}
	return parts[3], uint32(number)
}
