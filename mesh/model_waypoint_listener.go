package mesh

import (
	"slices"
	"strconv"
	"strings"
)

// tunnelPort is the port of a waypoint to which ztunnels connect (pilot/pkg/serviceregistry/ambient/waypoints.go
// getGatewayAddress).
const tunnelPort = 15008

// tunnel returns the listener for HBONE to which ztunnels connect.
func (g *KubernetesGateway) tunnel() (l KubernetesListener, ok bool) {
	return g.listener(func(l KubernetesListener) bool { return l.Protocol == "HBONE" && l.Port == tunnelPort })
}

func (g *KubernetesGateway) listener(is func(KubernetesListener) bool) (l KubernetesListener, ok bool) {
	i := slices.IndexFunc(g.Listeners, is)
	if i < 0 {
		return KubernetesListener{}, false
	}
	return g.Listeners[i], true
}

// inboundBinding returns the value of the annotation that says by which listener a waypoint gets connections, of the Gateway or
// else of its class, which may be nil.
func inboundBinding(gateway, class *Object) string {
	if binding, ok := gateway.Annotations[inboundBindingAnnotation]; ok || class == nil {
		return binding
	}
	return class.Annotations[inboundBindingAnnotation]
}

// attachmentListener returns the listener that says of which namespaces a waypoint takes services: the one to which an inbound
// binding, PROTOCOL or PROTOCOL/PORT, binds it, else that of the tunnel (pilot/pkg/serviceregistry/ambient/waypoints.go
// makeAllowedRoutes).
func (g *KubernetesGateway) attachmentListener(binding string) KubernetesListener {
	protocol, text, _ := strings.Cut(binding, "/")
	number, _ := strconv.ParseUint(text, 10, 32)
	bound := func(l KubernetesListener) bool { return uint64(l.Port) == number }
	if number == 0 {
		bound = func(l KubernetesListener) bool { return protocol == "PROXY" && l.Protocol == "istio.io/PROXY" }
	}
	if l, ok := g.listener(bound); ok && (protocol == "PROXY" || protocol == "NONE") {
		return l
	}
	l, _ := g.tunnel()
	return l
}
