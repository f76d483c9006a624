package mesh

import (
	"slices"
	"strings"
)

// FamilyOf classes a declared protocol (istio.io/istio pkg/config/protocol/instance.go Parse; case does not count).
// What Parse does not know is "unsupported", which Istio treats as sniffed.
func FamilyOf(protocol string) Family {
	switch strings.ToLower(protocol) {
	case "http", "http2", "grpc", "grpc-web", "http_proxy":
		return FamilyHTTP
	case "https", "tls":
		return FamilyTLS
	case "tcp", "mongo", "mysql", "redis":
		return FamilyOpaque
	case "udp":
		return FamilyUDP
	default:
		return FamilyUnspecified
	}
}

// declared gives the protocol of a Kubernetes port: what appProtocol says, or else the port's name; ports of old that
// would not bear sniffing are TCP (istio.io/istio pkg/config/kube/conversion.go ConvertProtocol).
func (p ServicePort) declared() string {
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
	protocol := protocolOfName(name)
	if FamilyOf(protocol) == FamilyUnspecified && slices.Contains([]uint32{25, 53, 3306, 27017}, p.Number) {
		return "tcp"
	}
	return protocol
}

// protocolOfName reads a Kubernetes port's name: "http-web" is HTTP.
func protocolOfName(name string) string {
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "grpc-web") {
		return "grpc-web"
	}
	first, _, _ := strings.Cut(lower, "-")
	return first
}
