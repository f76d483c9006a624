package mesh

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"
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

// outboundPatches returns the patches of an EnvoyFilter that change what leaves. Those for SIDECAR_INBOUND do not, nor does
// an EXTENSION_CONFIG, which a filter must name.
func outboundPatches(o *Object) []outboundPatch {
	var list []outboundPatch
	for i, patch := range o.Spec.(*networking.EnvoyFilter).ConfigPatches {
		if patch.GetMatch().GetContext() == networking.EnvoyFilter_SIDECAR_INBOUND || patch.GetApplyTo() == networking.EnvoyFilter_EXTENSION_CONFIG ||
			patch.GetApplyTo() == networking.EnvoyFilter_INVALID {
			continue
		}
		list = append(list, outboundPatch{filter: o, index: i, patch: patch})
	}
	return list
}

// isFor reports whether the patch may change what a client's proxy does with connections to a port of a host
// (pilot/pkg/model/push_context.go EnvoyFilters, pilot/pkg/networking/core/envoyfilter). What it matches beside the cluster, the
// port and the proxy's kind is taken to match.
func (p outboundPatch) isFor(client Client, root, host string, number uint32) bool {
	spec := p.filter.Spec.(*networking.EnvoyFilter)
	if client.Kind == ClientZtunnel || p.filter.Namespace != root && p.filter.Namespace != client.Namespace {
		return false
	}
	// The labels of a gateway's pods are not known here.
	if selector := spec.GetWorkloadSelector().GetLabels(); client.Kind == ClientSidecar && !selectorMatches(selector, client.Labels) {
		return false
	}
	return p.isForKind(client.Kind) && p.matchesPort(number) && p.matchesCluster(host, number)
}

// isForKind reports whether the patch is for proxies of a kind.
func (p outboundPatch) isForKind(kind ClientKind) bool {
	switch p.patch.GetMatch().GetContext() {
	case networking.EnvoyFilter_ANY:
		return true
	case networking.EnvoyFilter_SIDECAR_OUTBOUND:
		return kind == ClientSidecar
	case networking.EnvoyFilter_GATEWAY:
		return kind == ClientGateway
	}
	return kind == ClientWaypoint
}

func (p outboundPatch) matchesPort(number uint32) bool {
	wanted := p.patch.GetMatch().GetListener().GetPortNumber()
	return wanted == 0 || wanted == number
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

// rawBuffer is Envoy's transport socket without TLS.
const rawBuffer = "envoy.transport_sockets.raw_buffer"

// startsPlaintext reports whether the patch says plainly that a cluster's TLS is taken away: its transport socket, or one of
// those that are chosen by endpoint, becomes one without TLS.
//
//	applyTo: CLUSTER
//	patch: {operation: MERGE, value: {transport_socket: {name: envoy.transport_sockets.raw_buffer}}}
func (p outboundPatch) startsPlaintext() bool {
	if p.patch.GetApplyTo() != networking.EnvoyFilter_CLUSTER || p.patch.GetPatch().GetOperation() == networking.EnvoyFilter_Patch_REMOVE {
		return false
	}
	value := p.patch.GetPatch().GetValue()
	if isRawBuffer(member(value, "transport_socket", "transportSocket")) {
		return true
	}
	for _, match := range member(value, "transport_socket_matches", "transportSocketMatches").GetListValue().GetValues() {
		if isRawBuffer(member(match.GetStructValue(), "transport_socket", "transportSocket")) {
			return true
		}
	}
	return false
}

// isRawBuffer reports whether a transport socket is one without TLS, by its type or, where it has none, by its name.
func isRawBuffer(socket *structpb.Value) bool {
	config := member(socket.GetStructValue(), "typed_config", "typedConfig").GetStructValue()
	if url := config.GetFields()["@type"].GetStringValue(); url != "" {
		return strings.HasSuffix(url, ".RawBuffer")
	}
	return socket.GetStructValue().GetFields()["name"].GetStringValue() == rawBuffer
}

// member returns a field by either of the names that protobuf's JSON has for it.
func member(in *structpb.Struct, name, jsonName string) *structpb.Value {
	if value, ok := in.GetFields()[name]; ok {
		return value
	}
	return in.GetFields()[jsonName]
}
