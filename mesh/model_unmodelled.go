package mesh

import (
	"fmt"
	"maps"
	"slices"

	extensions "istio.io/api/extensions/v1alpha1"
	networkingv1beta1 "istio.io/api/networking/v1beta1"
	security "istio.io/api/security/v1beta1"
	typev1beta1 "istio.io/api/type/v1beta1"
)

// What of PeerAuthentications, ProxyConfigs, extensions and a Gateway's annotations may move what the model says, and is not followed.

// OutsideMeans is what hangs on something that the model does not follow.
type OutsideMeans string

// The values of OutsideMeans.
const (
	// MeansNoMTLS: proxies send plaintext to these pods, gateways among them, where auto mTLS would start mutual TLS
	// (pilot/pkg/model/push_context.go BestEffortInferServiceMTLSMode, pilot/pkg/xds/endpoints/mtls_checker.go).
	MeansNoMTLS OutsideMeans = "no-mtls"
	// MeansNotStrict: pods that took mutual TLS alone take plaintext, too, by a PeerAuthentication, or without it.
	MeansNotStrict OutsideMeans = "not-strict"
	// MeansCapture: which connections pods hand to their proxy, or how names are resolved.
	MeansCapture OutsideMeans = "capture"
	// MeansRevision: the object is for a control plane that is there and is not judged.
	MeansRevision OutsideMeans = "revision"
	// MeansGatewayRoute: a route of the Gateway API takes what comes to a gateway that is not followed and leads it out of the mesh.
	MeansGatewayRoute OutsideMeans = "gateway-route"
	// MeansGatewayAddresses: a Gateway of the Gateway API is for pods of several Services, or of none that is beside it.
	MeansGatewayAddresses OutsideMeans = "gateway-addresses"
	// MeansImage: the proxy is not one that Istio publishes.
	MeansImage OutsideMeans = "image"
	// MeansGatewayPods: which pods a Gateway configures, those of other namespaces' gateways too.
	MeansGatewayPods OutsideMeans = "gateway-pods"
	// MeansPassthrough: requests go on as applications write them, past the clusters that start TLS.
	MeansPassthrough OutsideMeans = "passthrough"
	// MeansSearchDomain: ambient clients, or pods whose sidecars capture DNS, that call another host ask for this name first, whoever
	// declares that one, and when.
	MeansSearchDomain OutsideMeans = "search-domain"
	// MeansFormerAddress: Services keep the address outside that a WorkloadEntry had.
	MeansFormerAddress OutsideMeans = "former-address"
	// MeansBoundApart: by its bind, one of a gateway's servers takes the connections of another one.
	MeansBoundApart OutsideMeans = "bound-apart"
	// MeansServersAlike: Envoy refuses the listener of a gateway whose servers have one SNI, written in two ways, or with two binds.
	MeansServersAlike OutsideMeans = "servers-alike"
	// MeansAnyCertificate: a gateway's server takes any certificate for its callers' identity.
	MeansAnyCertificate OutsideMeans = "any-certificate"
	// MeansIstioIngress: istiod makes a Gateway and VirtualServices of an Ingress, which nobody reviews.
	MeansIstioIngress OutsideMeans = "istio-ingress"
	// MeansRefusedListener: Envoy refuses the listeners that have it, with everybody's connections.
	MeansRefusedListener OutsideMeans = "refused-listener"
	// MeansRefusedRoute: Envoy refuses the routes that have it, with those of everybody's hosts of a port.
	MeansRefusedRoute OutsideMeans = "refused-route"
	// MeansRefusedCluster: Envoy refuses the clusters that come together with the one that has it.
	MeansRefusedCluster OutsideMeans = "refused-cluster"
	// MeansProxyPort: a listener of the port on which proxies take all connections goes before that one, which Envoy then refuses.
	MeansProxyPort OutsideMeans = "proxy-port"
	// MeansWideMatch: a filter chain takes connections of other hosts, since it has no server name, or addresses that are not its host's.
	MeansWideMatch OutsideMeans = "wide-match"
	// MeansTLSWithdrawn: TLS that an EnvoyFilter started, and starts no more.
	MeansTLSWithdrawn OutsideMeans = "tls-withdrawn"
	// MeansCACertificates: the CA certificates of a BackendTLSPolicy, which may not be there (invalidCredential).
	MeansCACertificates OutsideMeans = "ca-certificates"
	// MeansTunnel: the server to which TLS is started passes the bytes on, as the application wrote them.
	MeansTunnel OutsideMeans = "tunnel"
	// MeansExtension: a filter of somebody's own code in what leaves, which may write headers, routes, and calls of its own.
	MeansExtension OutsideMeans = "extension"
	// MeansEndpointSlice: the addresses of EndpointSlices that somebody writes, for each of which proxies have a listener.
	MeansEndpointSlice OutsideMeans = "endpoint-slice"
	// MeansInbound: whom pods let in, or what their sidecars take, by a patch of an EnvoyFilter.
	MeansInbound OutsideMeans = "inbound"
)

// unmodelled is a field that the model does not follow, and what hangs on it.
type unmodelled struct {
	field string
	means OutsideMeans
}

// unmodelledFields returns the fields of an object that the model does not follow.
func unmodelledFields(o *Object) []unmodelled {
	switch spec := o.Spec.(type) {
	case *Ingress:
		return unmodelledIngress(o, spec)
	case *security.PeerAuthentication:
		return unmodelledModes(spec)
	case *BackendTLSPolicy:
		if spec.Validation.readsConfigMap() {
			return []unmodelled{{"spec.validation.caCertificateRefs[0]", MeansCACertificates}}
		}
	case *networkingv1beta1.ProxyConfig:
		return unmodelledProxy(spec)
	case *extensions.WasmPlugin:
		return unmodelledMatches(spec.GetMatch(), spec.GetTargetRef() != nil || len(spec.GetTargetRefs()) > 0)
	case *extensions.TrafficExtension:
		return unmodelledMatches(spec.GetMatch(), len(spec.GetTargetRefs()) > 0)
	}
	return nil
}

// unmodelledMatches returns the matches of an extension that are for what leaves: all but those of the mode SERVER, which are for
// what comes to sidecars, and for all that comes to a waypoint (pilot/pkg/model/extensions.go matchMode). Without any it is for
// everything.
func unmodelledMatches[T interface {
	GetMode() typev1beta1.WorkloadMode
}](matches []T, isTargeted bool) []unmodelled {
	if len(matches) == 0 {
		return []unmodelled{{"spec.match", MeansExtension}}
	}
	var found []unmodelled
	for i, m := range matches {
		if m.GetMode() != typev1beta1.WorkloadMode_SERVER || isTargeted {
			found = append(found, unmodelled{fmt.Sprintf("spec.match[%d].mode", i), MeansExtension})
		}
	}
	return found
}

// istioIngressClass is the class of Ingresses of which istiod makes Gateways and VirtualServices for its ingress gateway, where the
// MeshConfig does not name another one (pilot/pkg/config/kube/ingress/virtualservices.go shouldProcessIngressWithClass). IngressClasses that
// name its controller otherwise are not read.
const istioIngressClass = "istio"

// unmodelledIngress returns the class of an Ingress that is for Istio itself. The annotation goes before the field there.
func unmodelledIngress(o *Object, spec *Ingress) []unmodelled {
	if class, written := o.Annotations[ingressClassAnnotation]; written {
		if class == istioIngressClass {
			return []unmodelled{{"metadata.annotations[" + ingressClassAnnotation + "]", MeansIstioIngress}}
		}
		return nil
	}
	if spec.Class == istioIngressClass {
		return []unmodelled{{"spec.ingressClassName", MeansIstioIngress}}
	}
	return nil
}

func unmodelledModes(spec *security.PeerAuthentication) []unmodelled {
	var found []unmodelled
	if spec.GetMtls().GetMode() == security.PeerAuthentication_MutualTLS_DISABLE {
		found = append(found, unmodelled{"spec.mtls.mode", MeansNoMTLS})
	}
	for _, port := range slices.Sorted(maps.Keys(spec.PortLevelMtls)) {
		if spec.PortLevelMtls[port].GetMode() == security.PeerAuthentication_MutualTLS_DISABLE {
			found = append(found, unmodelled{fmt.Sprintf("spec.portLevelMtls[%d].mode", port), MeansNoMTLS})
		}
	}
	return found
}

func unmodelledProxy(spec *networkingv1beta1.ProxyConfig) []unmodelled {
	var found []unmodelled
	for _, name := range slices.Sorted(maps.Keys(spec.EnvironmentVariables)) {
		if slices.Contains(capturing(), name) {
			found = append(found, unmodelled{"spec.environmentVariables[" + name + "]", MeansCapture})
		}
	}
	if isUnpublished(spec.GetImage().GetImageType()) {
		found = append(found, unmodelled{"spec.image.imageType", MeansImage})
	}
	return found
}
