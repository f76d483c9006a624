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

// A Service's port: what appProtocol says, or else what its name begins with.
func TestServicePortProtocol(t *testing.T) {
	for _, c := range []struct {
		name string
		port ServicePort
		want string
	}{
		{"by its name", ServicePort{Name: "http"}, "http"},
		{"the name up to the first dash", ServicePort{Name: "https-web-2"}, "https"},
		{"the name in any case", ServicePort{Name: "HTTP2-web"}, "http2"},
		{"grpc-web is one word", ServicePort{Name: "grpc-web-front"}, "grpc-web"},
		{"grpc alone", ServicePort{Name: "grpc-front"}, "grpc"},
		{"appProtocol goes before the name", ServicePort{Name: "http", AppProtocol: "tls"}, "tls"},
		{"h2c of Kubernetes", ServicePort{Name: "tcp", AppProtocol: "kubernetes.io/h2c"}, "http2"},
		{"WebSocket", ServicePort{Name: "tcp", AppProtocol: "kubernetes.io/ws"}, "http"},
		{"WebSocket over TLS", ServicePort{Name: "tcp", AppProtocol: "kubernetes.io/wss"}, "https"},
		{"UDP, whatever it is called", ServicePort{Name: "http", Protocol: "UDP"}, "UDP"},
		{"TCP is what Kubernetes says of nearly all", ServicePort{Name: "http", Protocol: "TCP"}, "http"},
		{"an unnamed port is sniffed", ServicePort{Number: 8080}, ""},
		{"SMTP is not sniffed", ServicePort{Number: 25}, "tcp"},
		{"DNS is not sniffed", ServicePort{Number: 53}, "tcp"},
		{"MySQL is not sniffed", ServicePort{Number: 3306, Name: "db"}, "tcp"},
		{"MongoDB is not sniffed", ServicePort{Number: 27017, AppProtocol: "unknown"}, "tcp"},
		{"unless the port says what it speaks", ServicePort{Number: 3306, Name: "mysql"}, "mysql"},
	} {
		equal(t, c.name, c.port.protocol(), c.want)
	}
}
