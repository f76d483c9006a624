package mesh

import "strings"

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
