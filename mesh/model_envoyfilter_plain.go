package mesh

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"
)

// What a patch of an EnvoyFilter does to TLS, where it says so in plain words.

// rawBuffer is Envoy's transport socket without TLS, tlsSocket the one with it.
const (
	rawBuffer = "envoy.transport_sockets.raw_buffer"
	tlsSocket = "envoy.transport_sockets.tls"
)

// startsPlaintext reports whether the patch says plainly that a cluster's TLS is taken away: its transport socket, or one of
// those that are chosen by endpoint, becomes one without TLS.
//
//	applyTo: CLUSTER
//	patch: {operation: MERGE, value: {transport_socket: {name: envoy.transport_sockets.raw_buffer}}}
func (p outboundPatch) startsPlaintext() bool { return p.hasSocket(rawBuffer, ".RawBuffer") }

// startsTLS reports whether the patch says plainly that it starts TLS towards a cluster.
func (p outboundPatch) startsTLS() bool { return p.hasSocket(tlsSocket, ".UpstreamTlsContext") }

// hasSocket reports whether the patch gives a cluster a transport socket of this name or, where it says it, of this type.
func (p outboundPatch) hasSocket(name, typeSuffix string) bool {
	if p.patch.GetApplyTo() != networking.EnvoyFilter_CLUSTER || p.patch.GetPatch().GetOperation() == networking.EnvoyFilter_Patch_REMOVE {
		return false
	}
	value := p.patch.GetPatch().GetValue()
	if isSocket(member(value, "transport_socket", "transportSocket"), name, typeSuffix) {
		return true
	}
	matches := member(value, "transport_socket_matches", "transportSocketMatches").GetListValue().GetValues()
	return slices.ContainsFunc(matches, func(match *structpb.Value) bool {
		return isSocket(member(match.GetStructValue(), "transport_socket", "transportSocket"), name, typeSuffix)
	})
}

// isSocket reports whether a transport socket is one by its type or, where it has none, by its name.
func isSocket(socket *structpb.Value, name, typeSuffix string) bool {
	config := member(socket.GetStructValue(), "typed_config", "typedConfig").GetStructValue()
	if url := config.GetFields()["@type"].GetStringValue(); url != "" {
		return strings.HasSuffix(url, typeSuffix)
	}
	return socket.GetStructValue().GetFields()["name"].GetStringValue() == name
}

// isStillIn reports whether an EnvoyFilter, nil for none, has the patch, at any place and for the same proxies.
func (p outboundPatch) isStillIn(o *Object) bool {
	if o == nil {
		return false
	}
	now, before := o.Spec.(*networking.EnvoyFilter), p.filter.Spec.(*networking.EnvoyFilter)
	return proto.Equal(now.GetWorkloadSelector(), before.GetWorkloadSelector()) &&
		slices.ContainsFunc(now.ConfigPatches, func(patch *networking.EnvoyFilter_EnvoyConfigObjectPatch) bool { return proto.Equal(patch, p.patch) })
}

// passthroughCluster is the cluster of sidecars for what no object declares: on to the original destination, as it came
// (pilot/pkg/networking/util PassthroughCluster).
const passthroughCluster = "PassthroughCluster"

// passesRequestsOn reports whether the patch says plainly that sidecars pass requests on as applications write them: one of its
// routes leads to the cluster for what no object declares, or a proxy of bytes that does takes the place of the filter for HTTP.
//
//	applyTo: HTTP_ROUTE
//	patch: {operation: MERGE, value: {route: {cluster: PassthroughCluster}}}
func (p outboundPatch) passesRequestsOn() bool {
	refs := p.filter.Spec.(*networking.EnvoyFilter).GetTargetRefs()
	if len(refs) > 0 || !p.isForKind(ClientSidecar) || p.patch.GetPatch().GetOperation() == networking.EnvoyFilter_Patch_REMOVE {
		return false
	}
	value := p.patch.GetPatch().GetValue()
	if p.patch.GetApplyTo() == networking.EnvoyFilter_NETWORK_FILTER && p.patch.GetMatch().GetListener().GetFilterChain().GetFilter().GetName() == httpFilter {
		return leadsTo(member(value, "typed_config", "typedConfig").GetStructValue(), passthroughCluster)
	}
	return routesTo(structpb.NewStructValue(value), passthroughCluster)
}

// httpFilter is the network filter that reads HTTP.
const httpFilter = "envoy.filters.network.http_connection_manager"

// routesTo reports whether one of the route actions at any depth of a value leads to a cluster.
func routesTo(value *structpb.Value, cluster string) bool {
	if slices.ContainsFunc(value.GetListValue().GetValues(), func(v *structpb.Value) bool { return routesTo(v, cluster) }) {
		return true
	}
	for name, v := range value.GetStructValue().GetFields() {
		if name == "route" && leadsTo(v.GetStructValue(), cluster) || routesTo(v, cluster) {
			return true
		}
	}
	return false
}

// leadsTo reports whether a route action, or the configuration of a proxy of bytes, leads to a cluster.
func leadsTo(action *structpb.Struct, cluster string) bool {
	if action.GetFields()["cluster"].GetStringValue() == cluster {
		return true
	}
	weighted := member(action, "weighted_clusters", "weightedClusters").GetStructValue().GetFields()["clusters"].GetListValue().GetValues()
	return slices.ContainsFunc(weighted, func(v *structpb.Value) bool {
		return v.GetStructValue().GetFields()["name"].GetStringValue() == cluster
	})
}

// member returns a field by either of the names that protobuf's JSON has for it.
func member(in *structpb.Struct, name, jsonName string) *structpb.Value {
	if value, ok := in.GetFields()[name]; ok {
		return value
	}
	return in.GetFields()[jsonName]
}
