package mesh

import (
	"slices"
	"strings"
)

// Service is what the mesh reads of a Kubernetes Service.
type Service struct {
	// Selector is spec.selector: the labels of the pods behind the Service.
	Selector map[string]string
	// Ports lists spec.ports.
	Ports []ServicePort
	// ExternalName is spec.externalName, for type ExternalName.
	ExternalName string
	// Type is spec.type: ClusterIP where it is empty.
	Type string
	// Headless is true for clusterIP None.
	Headless bool
	// ClusterIPs are its virtual IP addresses: spec.clusterIPs where there are several, else spec.clusterIP.
	ClusterIPs []string
}

// ServicePort is one of a Service's ports.
type ServicePort struct {
	Number   uint32
	Name     string
	Protocol string // the L4 protocol
	// TargetPort is spec.ports[].targetPort where that is a number, and Number where there is none; 0 for a name.
	TargetPort uint32
	// AppProtocol is spec.ports[].appProtocol.
	AppProtocol string
}

// protocol returns the protocol of a Kubernetes port (istio.io/istio pkg/config/kube/conversion.go ConvertProtocol):
//  1. UDP, where that is its L4 protocol;
//  2. what appProtocol says, else what the port's name says;
//  3. tcp for the well-known ports whose servers speak first, which sniffing would break.
func (p ServicePort) protocol() string {
	if p.Protocol == "UDP" {
		return p.Protocol
	}
	name := p.Name
	switch p.AppProtocol {
	case "":
	case "kubernetes.io/h2c":
		return "http2"
	case "kubernetes.io/ws":
		return "http"
	case "kubernetes.io/wss":
		return "https"
	default:
		name = p.AppProtocol
	}
	protocol := protocolFromPortName(name)
	if FamilyOf(protocol) == FamilyUnspecified && slices.Contains([]uint32{25, 53, 3306, 27017}, p.Number) {
		return "tcp"
	}
	return protocol
}

// protocolFromPortName returns the protocol that a Kubernetes port's name starts with: "http" for "http-web".
func protocolFromPortName(name string) string {
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "grpc-web") {
		return "grpc-web"
	}
	first, _, _ := strings.Cut(lower, "-")
	return first
}

// The class of waypoints that istiod makes, and the controller of every class of them (istio.io/istio pkg/config/constants).
const (
	waypointClass      = "istio-waypoint"
	waypointController = "istio.io/mesh-controller"
)

// GatewayClass is what the mesh reads of a GatewayClass of the Gateway API.
type GatewayClass struct {
	// Controller is spec.controllerName.
	Controller string
}
