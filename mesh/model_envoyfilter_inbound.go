package mesh

import (
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"
)

// What a patch of an EnvoyFilter does to how sidecars take connections. What only adds a filter, a limit or a log there lets nobody in
// and moves nothing.

// rbacFilter is part of the names of the filters that obey AuthorizationPolicies, of HTTP and of bytes
// (pilot/pkg/security/authz/model/util.go).
const rbacFilter = "filters.http.rbac"

// opensInbound reports whether a patch is for sidecars' inbound configuration alone and may change who is let in there, or what is
// taken:
//  1. a listener, what it takes, or a filter chain: whose transport socket asks for the callers' identity; a listener for an address
//     outside takes what leaves, too;
//  2. the filters that obey AuthorizationPolicies, or the one that they are in, that go, are replaced or changed;
//  3. routes that tell these filters to do something else.
func (p outboundPatch) opensInbound() bool {
	spec := p.filter.Spec.(*networking.EnvoyFilter)
	if p.patch.GetMatch().GetContext() != networking.EnvoyFilter_SIDECAR_INBOUND || len(spec.TargetRefs) > 0 {
		return false
	}
	switch p.patch.GetApplyTo() {
	case networking.EnvoyFilter_LISTENER:
		return p.patch.GetPatch().GetOperation() != networking.EnvoyFilter_Patch_MERGE || p.movesListener()
	case networking.EnvoyFilter_FILTER_CHAIN:
		return true
	case networking.EnvoyFilter_LISTENER_FILTER:
		return p.changesFilter()
	case networking.EnvoyFilter_NETWORK_FILTER, networking.EnvoyFilter_HTTP_FILTER:
		return p.changesFilter() && p.matchesRBAC()
	case networking.EnvoyFilter_ROUTE_CONFIGURATION, networking.EnvoyFilter_VIRTUAL_HOST, networking.EnvoyFilter_HTTP_ROUTE:
		return hasKey(structpb.NewStructValue(p.patch.GetPatch().GetValue()), rbacFilter)
	}
	return false
}

// movesListener reports whether the patch has a field that says what a listener takes, and what becomes of it. The others are its
// limits, buffers and logs.
func (p outboundPatch) movesListener() bool {
	value := p.patch.GetPatch().GetValue()
	for _, names := range [][2]string{
		{"address", "address"}, {"additional_addresses", "additionalAddresses"}, {"bind_to_port", "bindToPort"}, {"use_original_dst", "useOriginalDst"},
		{"filter_chains", "filterChains"}, {"default_filter_chain", "defaultFilterChain"}, {"filter_chain_matcher", "filterChainMatcher"},
		{"listener_filters", "listenerFilters"}, {"api_listener", "apiListener"}, {"internal_listener", "internalListener"},
	} {
		if member(value, names[0], names[1]) != nil {
			return true
		}
	}
	return false
}

// changesFilter reports whether the patch does something to a filter that is there.
func (p outboundPatch) changesFilter() bool {
	switch p.patch.GetPatch().GetOperation() {
	case networking.EnvoyFilter_Patch_REMOVE, networking.EnvoyFilter_Patch_REPLACE, networking.EnvoyFilter_Patch_MERGE:
		return true
	}
	return false
}

// matchesRBAC reports whether the filters that the patch matches may be those that obey AuthorizationPolicies, or the one that they
// are in.
func (p outboundPatch) matchesRBAC() bool {
	filter := p.patch.GetMatch().GetListener().GetFilterChain().GetFilter()
	if p.patch.GetApplyTo() == networking.EnvoyFilter_HTTP_FILTER {
		name := filter.GetSubFilter().GetName()
		return name == "" || strings.Contains(name, "rbac")
	}
	name := filter.GetName()
	return name == "" || name == httpFilter && p.patch.GetPatch().GetOperation() != networking.EnvoyFilter_Patch_MERGE || strings.Contains(name, "rbac")
}

// hasKey reports whether a value has, at any depth, a member whose name contains part.
func hasKey(value *structpb.Value, part string) bool {
	for _, v := range value.GetListValue().GetValues() {
		if hasKey(v, part) {
			return true
		}
	}
	for name, v := range value.GetStructValue().GetFields() {
		if strings.Contains(name, part) || hasKey(v, part) {
			return true
		}
	}
	return false
}

// inboundPatches returns the patches of an EnvoyFilter by which sidecars may let others in, or take something else.
func inboundPatches(o *Object) []outboundPatch {
	var list []outboundPatch
	for i, patch := range o.Spec.(*networking.EnvoyFilter).ConfigPatches {
		if p := (outboundPatch{filter: o, index: i, patch: patch}); p.opensInbound() {
			list = append(list, p)
		}
	}
	return list
}
