package mesh

import (
	"fmt"
	"testing"
)

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

func TestDecodeService(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"selector and ports", `{selector: {app: web}, ports: [{port: 80, name: http, protocol: TCP, appProtocol: tls}, {port: 53, protocol: UDP}]}`,
			"{map[app:web] [{80 http TCP 80 tls} {53  UDP 53 }]   false []}"},
		{"ExternalName", `{type: ExternalName, externalName: api.example.com}`, "{map[] [] api.example.com ExternalName false []}"},
		{"headless", `{clusterIP: None}`, "{map[] []   true []}"},
		{"with an address", `{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1]}`, "{map[] []   false [10.0.0.1]}"},
		{"with an address of each family", `{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, "fd00::1"]}`, "{map[] []   false [10.0.0.1 fd00::1]}"},
	} {
		o := objects(t, fmt.Sprintf("{Service default/web: %s}", c.spec))[0]
		equal(t, c.name, *o.Spec.(*Service), c.want)
	}
}
