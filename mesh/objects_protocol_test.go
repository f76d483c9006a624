package mesh

import "testing"

// The protocol of a port says what bytes the application sends there; case does not count.
func TestFamilyOf(t *testing.T) {
	for family, protocols := range map[Family][]string{
		FamilyHTTP:        {"HTTP", "http", "HTTP2", "GRPC", "GRPC-Web", "HTTP_PROXY"},
		FamilyTLS:         {"HTTPS", "https", "TLS"},
		FamilyOpaque:      {"TCP", "Mongo", "MySQL", "Redis"},
		FamilyUDP:         {"UDP", "udp"},
		FamilyUnspecified: {"", "HTTP/2", "http3", "postgres", "h2c", " http"},
	} {
		for _, protocol := range protocols {
			equal(t, "protocol "+protocol, FamilyOf(protocol), family)
		}
	}
}
