package mesh

import (
	"fmt"
	"testing"
)

// Which egress listener of a Sidecar takes what pods of namespace shop send to a port of a.example, and as what it reads it.
func TestEgressListener(t *testing.T) {
	const http = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const tcp = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
	const own = `
		ServiceEntry shop/b: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}
		ServiceEntry shop/c: {hosts: [c.example], resolution: DNS, ports: [{number: 81, name: tcp, protocol: TCP}]}`
	const ownAddress = `
		ServiceEntry shop/b: {hosts: [b.example], addresses: [1.2.3.5], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
	const address = `ServiceEntry egress/a: {hosts: [a.example], addresses: [1.2.3.4], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
	for _, c := range []struct{ name, entry, egress, want string }{
		{"no list imports everything", http, `[]`, "http"},
		{"the namespace of the entry", http, `[{hosts: [egress/*]}]`, "http"},
		{"another namespace", http, `[{hosts: [./*]}]`, "none"},
		{"a listener for the port reads by its own protocol", http, `[{port: {number: 80, protocol: TCP}, hosts: ["*/*"]}]`, "opaque"},
		{"a listener for another port", http, `[{port: {number: 8080, protocol: HTTP}, hosts: ["*/*"]}]`, "none"},
		{"behind it comes the one for all", http, `[{port: {number: 8080, protocol: HTTP}, hosts: ["*/*"]}, {hosts: ["*/*"]}]`, "http"},
		{"a listener for the port keeps it from the one for all", http, `[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "none"},
		{"for bytes without an address, too", tcp + own, `[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "none"},
		{"not where it imports nothing, so that none is made", tcp, `[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "opaque"},
		{"nor where it imports nothing with the port", tcp + own, `[{port: {number: 80, protocol: TCP}, hosts: [./c.example]}, {hosts: ["*/*"]}]`, "opaque"},
		{"nor where one is made for a single address", tcp + ownAddress, `[{port: {number: 80, protocol: TCP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "opaque"},
		{"requests are at all addresses", tcp + ownAddress, `[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "none"},
		{"nor where it is bound to another", tcp + own, `[{port: {number: 80, protocol: TCP}, bind: 127.0.0.1, hosts: [./*]}, {hosts: ["*/*"]}]`, "opaque"},
		{"not where an address tells them apart", address, `[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "opaque"},
		{"requests are not told apart by their address", `ServiceEntry egress/a: {hosts: [a.example], addresses: [1.2.3.4], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			`[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "none"},
		{"nor is what is sniffed", `ServiceEntry egress/a: {hosts: [a.example], addresses: [1.2.3.4], resolution: DNS, ports: [{number: 80, name: any}]}`,
			`[{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ["*/*"]}]`, "none"},
		{"nobody asks a listener for HTTP for bytes", tcp, `[{port: {number: 80, protocol: HTTP}, hosts: ["*/*"]}]`, "none"},
		{"a listener for TLS may be asked", tcp, `[{port: {number: 80, protocol: TLS}, hosts: ["*/*"]}]`, "tls"},
		{"a sniffed port is asked for on a listener for HTTP", `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: any}]}`,
			`[{port: {number: 80, protocol: HTTP}, hosts: ["*/*"]}]`, "http"},
		{"a listener for the service of another namespace", http + `
			ServiceEntry shop/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`,
			`[{port: {number: 80, protocol: TCP}, hosts: [./*]}]`, "none"},
		{"a listener for an exact host imports the older entry alone", `
			ServiceEntry egress/b @1: {hosts: [a.example], resolution: DNS, ports: [{number: 81, name: http, protocol: HTTP}]}
			ServiceEntry egress/a @2: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			`[{hosts: [egress/a.example]}]`, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.entry, `Sidecar shop/default: {egress: `+c.egress+`}`)
			client := parseClient("sidecar shop")
			svc := scopedService{service: s.services.At("a.example")[0]}
			for _, other := range s.services.At("a.example") {
				if other.ref.String() == "ServiceEntry egress/a" {
					svc = scopedService{service: other, ports: other.ports}
				}
			}
			got := "none"
			if l, ok := s.egressListenerFor(client, svc, svc.ports[0]); ok {
				got = string(l.parsedAs(svc.ports[0]))
			}
			equal(t, "read as", got, c.want)
			equal(t, "listens", s.listens(client, svc, 80), got != "none")
			equal(t, "listens on a port that the service has not", s.listens(client, svc, 81), false)
		})
	}
}

// Gateways and waypoints have no Sidecar.
func TestEgressListenerOfGateway(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		Sidecar istio-system/default: {egress: [{hosts: [./*]}]}`)
	client := parseClient("gateway istio-system")
	svc, _ := s.serviceFor(client, "a.example")
	l, ok := s.egressListenerFor(client, svc, svc.ports[0])
	equal(t, "listener", fmt.Sprint(l.hosts, ok), "[*/*] true")
}

// A port with an address of its own has a listener for it alone.
func TestHasOwnAddress(t *testing.T) {
	for _, c := range []struct {
		name, mesh, host string
		want             bool
	}{
		{"a Service", `Service shop/a: {ports: [{port: 80, name: tcp}]}`, "a.shop.svc.cluster.local", true},
		{"a headless Service", `Service shop/a: {clusterIP: None, ports: [{port: 80, name: tcp}]}`, "a.shop.svc.cluster.local", false},
		{"an entry with an address", `ServiceEntry shop/a: {hosts: [a.example], addresses: [1.2.3.4], ports: [{number: 80, name: tcp}]}`, "a.example", true},
		{"an entry with a range", `ServiceEntry shop/a: {hosts: [a.example], addresses: [1.2.3.0/24], endpoints: [{address: 1.2.3.4}], ports: [{number: 80, name: tcp}]}`, "a.example", false},
		{"an entry without", `ServiceEntry shop/a: {hosts: [a.example], ports: [{number: 80, name: tcp}]}`, "a.example", false},
		{"connections that go to an endpoint by themselves", `ServiceEntry shop/a: {hosts: [a.example], endpoints: [{address: 1.2.3.4}], ports: [{number: 80, name: tcp}]}`, "a.example", true},
		{"an endpoint of another resolution", `ServiceEntry shop/a: {hosts: [a.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}], ports: [{number: 80, name: tcp}]}`, "a.example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			svc := s.services.At(c.host)[0]
			equal(t, "own address", s.hasOwnAddress(svc, svc.ports[0]), c.want)
		})
	}
	s := snapshot(t, `ServiceEntry shop/a: {hosts: [a.example], endpoints: [{address: 1.2.3.4}], ports: [{number: 80, name: tcp}]}`)
	equal(t, "an endpoint of another port", s.hasOwnAddress(s.services.At("a.example")[0], port{number: 81, name: "tcp"}), false)
}

// What a client sends to a port of host.
func TestPayload(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: any}, {number: 443, name: tls, protocol: TLS}]}`
	for _, c := range []struct {
		sidecar string
		port    uint32
		want    Family
	}{
		{``, 80, FamilyUnspecified},
		{``, 443, FamilyTLS},
		{`Sidecar shop/default: {egress: [{port: {number: 80, protocol: HTTP}, hosts: ["*/*"]}]}`, 80, FamilyHTTP},
		{`Sidecar shop/default: {egress: [{port: {number: 443, protocol: TCP}, hosts: ["*/*"]}]}`, 443, FamilyTLS},
		{`Sidecar shop/default: {egress: [{port: {number: 8080, protocol: HTTP}, hosts: ["*/*"]}]}`, 443, FamilyTLS},
	} {
		s := snapshot(t, entry, c.sidecar)
		svc := s.services.At("a.example")[0]
		v := scopedService{service: svc, ports: svc.ports}
		p, _ := v.port(c.port)
		equal(t, c.sidecar, s.payloadFrom(parseClient("sidecar shop"), v, p), c.want)
	}
}
