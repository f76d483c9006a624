package mesh

import (
	"maps"
	"slices"
	"strings"
)

// The labels that say how a namespace or a service takes part in an ambient mesh (istio.io/istio pkg/config/constants).
const (
	ambientLabel           = "istio.io/dataplane-mode"
	useWaypointLabel       = "istio.io/use-waypoint"
	waypointNamespaceLabel = "istio.io/use-waypoint-namespace"
	waypointForLabel       = "istio.io/waypoint-for"
)

const (
	// exportToAnnotation is where a Kubernetes Service has its exportTo.
	exportToAnnotation = "networking.istio.io/exportTo"
	// inboundBindingAnnotation is, on a waypoint or its class, by which of its listeners it gets connections.
	inboundBindingAnnotation = "ambient.istio.io/waypoint-inbound-binding"
	// dryRunAnnotation makes proxies only count what an AuthorizationPolicy would do.
	dryRunAnnotation = "istio.io/dry-run"
	// routeSemanticsAnnotation is how Istio marks a VirtualService that it made from a Gateway API route. Anybody may write
	// it (pkg/config/constants/constants.go InternalRouteSemantics).
	routeSemanticsAnnotation = "internal.istio.io/route-semantics"
)

// metadataKeys says what the model makes of a label or an annotation of istio.io.
type metadataKeys struct {
	// obeyed are those that the model follows.
	obeyed []string
	// irrelevant are those that move no connection, no TLS and no identity where they stand: prefixes end in "/".
	irrelevant []string
}

// knownMetadata returns the labels and annotations of Istio 1.31 (istio.io/api, packages label and annotation, and those
// that only istio.io/istio names) that a Namespace, a Service or an object of Istio may have without that the model's answers
// become doubtful.
func knownMetadata() metadataKeys {
	return metadataKeys{
		obeyed: []string{
			revisionLabel, dryRunAnnotation, ambientLabel, useWaypointLabel, waypointNamespaceLabel, waypointForLabel,
			"security.istio.io/tlsMode", exportToAnnotation, routeSemanticsAnnotation, inboundBindingAnnotation,
			ignorePolicyAnnotation,
		},
		irrelevant: []string{
			// who made it, and what manages it
			"gateway.istio.io/managed", "gateway.istio.io/controller-version", "install.operator.istio.io/", "operator.istio.io/",
			"istio.io/tag", "istio.io/owned-by", "istio.io/autoRegistrationGroup", "istio.io/connectedAt", "istio.io/disconnectedAt",
			"istio.io/workloadController", "istio.io/config", "galley.istio.io/analyze-suppress", "internal.istio.io/always-push",
			// read of Pods, of which no review tells
			"inject.istio.io/", "istio.io/reroute-virtual-interfaces", "prometheus.istio.io/", "proxy.istio.io/",
			"readiness.status.sidecar.istio.io/", "sidecar.istio.io/", "status.sidecar.istio.io/", "traffic.sidecar.istio.io/",
			"traffic.istio.io/nodeSelector", "ambient.istio.io/bypass-inbound-capture", "ambient.istio.io/dns-capture",
			"ambient.istio.io/redirection",
			// read of Gateways of the Gateway API, for the pods that Istio makes of them
			"gateway.istio.io/name-override", "gateway.istio.io/service-account", "gateway.istio.io/defaults-for-class",
			"networking.istio.io/service-type", "networking.istio.io/address-type", "networking.istio.io/gatewayPort",
			// which of several endpoints, in which order, or how often; and names in metrics
			"networking.istio.io/traffic-distribution", "istio.io/connect-strategy", "istio.io/persistent-session",
			"istio.io/persistent-session-header", "service.istio.io/", "topology.istio.io/locality", "topology.istio.io/subzone",
			// calls that enter: they left nowhere in plaintext
			"istio.io/ingress-use-waypoint", "istio.io/global", "istio.io/local",
			// the addresses of hosts are read where Istio writes them, in status.addresses
			"networking.istio.io/enable-autoallocate-ip",
			// the identities that a server is expected to have
			"alpha.istio.io/",
		},
	}
}

// unknownMetadata returns the paths (as "metadata.labels[istio.io/x]") of an object's labels and annotations of istio.io of
// which the model cannot say what Istio makes of them, in their order; no more than maxUnknown.
func unknownMetadata(o *Object) []string {
	var found []string
	known := knownMetadata()
	for _, from := range []struct {
		path string
		keys map[string]string
	}{{"metadata.labels", o.Labels}, {"metadata.annotations", o.Annotations}} {
		for _, key := range slices.Sorted(maps.Keys(from.keys)) {
			if isOfIstio(key) && !known.has(key) && len(found) < maxUnknown {
				found = append(found, from.path+"["+key+"]")
			}
		}
	}
	return found
}

// isOfIstio reports whether the domain of a label or an annotation is istio.io, or below it.
func isOfIstio(key string) bool {
	domain, _, ok := strings.Cut(key, "/")
	return ok && (domain == "istio.io" || strings.HasSuffix(domain, ".istio.io"))
}

func (m metadataKeys) has(key string) bool {
	return slices.Contains(m.obeyed, key) || slices.ContainsFunc(m.irrelevant, func(known string) bool {
		return key == known || strings.HasSuffix(known, "/") && strings.HasPrefix(key, known)
	})
}
