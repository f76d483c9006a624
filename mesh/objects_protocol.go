package mesh

import "strings"

// Family is the class of a port's declared protocol: what the application sends to it.
type Family string

// The families of istio.io/istio pkg/config/protocol.
const (
	FamilyHTTP        Family = "http"        // cleartext L7: HTTP, HTTP2, GRPC, GRPC-Web, HTTP_PROXY
	FamilyTLS         Family = "tls"         // HTTPS, TLS: encrypted by the application
	FamilyOpaque      Family = "opaque"      // TCP, MONGO, MYSQL, REDIS
	FamilyUnspecified Family = "unspecified" // none given: Istio sniffs
	FamilyUDP         Family = "udp"         // no clusters are built
)

// FamilyOf returns the class of a declared protocol, in any case (istio.io/istio pkg/config/protocol/instance.go
// Parse). What Parse does not know is "unsupported" there, and is sniffed like a port without a protocol.
func FamilyOf(protocol string) Family {
	switch protocol { // as nearly everybody writes them: to lower them would allocate
	case "HTTP", "HTTP2", "GRPC":
		return FamilyHTTP
	case "HTTPS", "TLS":
		return FamilyTLS
	case "TCP":
		return FamilyOpaque
	}
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
