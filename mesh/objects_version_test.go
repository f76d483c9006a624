package mesh

import (
	"strings"
	"testing"
)

// What Istio 1.30 does otherwise than 1.31: test/oracle holds both.
func TestVersions(t *testing.T) {
	entries := `
	ServiceEntry egress/a: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}]}
	ServiceEntry egress/b @1: {hosts: [a.com], ports: [{number: 443, name: tls, protocol: TLS}]}`
	for _, c := range []struct {
		name, mesh, exportTo string
		port                 uint32
		in130, in131         bool
	}{
		{"nothing is excluded", "Sidecar shop/s: {egress: [{hosts: ['*/*', '~egress/a.com']}]}", "", 80, true, false},
		{"an exact host is imported whole", "Sidecar shop/s: {egress: [{hosts: [egress/a.com]}]}", "", 80, true, false},
		{"its first entry is in both", "Sidecar shop/s: {egress: [{hosts: [egress/a.com]}]}", "", 443, true, true},
		{"~ stands before nothing that is imported", "Sidecar shop/s: {egress: [{hosts: ['~/*']}]}", "", 80, false, false},
		{"no exportTo stands for the name of a namespace", "", "shop", 80, false, true},
		{"nor beside .", "", ". shop", 80, false, true},
		{". goes before *", "", ". *", 80, false, true},
		{"* is for all", "", "*", 80, true, true},
	} {
		for version, want := range map[Version]bool{Version130: c.in130, Version131: c.in131} {
			settings := DefaultSettings()
			settings.Version, settings.ServiceExportTo = version, strings.Fields(c.exportTo)
			s := New(settings, objects(t, entries+"\n"+c.mesh)...)
			_, have := s.Cluster(parseClient("sidecar shop"), "a.com", c.port, "")
			equal(t, c.name+" in Istio "+string(version), have, want)
		}
	}
}

// A gateway takes the service that its namespace exports to itself in Istio 1.30, and the oldest in 1.31.
func TestVersionsOrderServices(t *testing.T) {
	for version, want := range map[Version]string{Version130: "[8443]", Version131: "[443]"} {
		settings := DefaultSettings()
		settings.Version = version
		s := New(settings, objects(t, `
		ServiceEntry other/old @1: {hosts: [a.com], exportTo: [egress], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
		ServiceEntry egress/own @2: {hosts: [a.com], exportTo: [.], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS, targetPort: 8443}]}`)...)
		c, _ := s.Cluster(parseClient("gateway egress istio=egressgateway"), "a.com", 443, "")
		equal(t, "ports in Istio "+string(version), c.TargetPorts, want)
		var first *service
		for svc := range s.servicesOnPort("egress", 443) {
			first = svc
			break
		}
		equal(t, "first listener in Istio "+string(version), first.namespace, map[Version]string{Version130: "egress", Version131: "other"}[version])
	}
}

func TestVirtualServicesOfVersions(t *testing.T) {
	for version, want := range map[Version]bool{Version130: false, Version131: true} {
		settings := DefaultSettings()
		settings.Version, settings.VirtualServiceExportTo = version, []string{"shop"}
		s := New(settings, objects(t, "VirtualService egress/v: {hosts: [a.com], http: [{route: [{destination: {host: b.com}}]}]}")...)
		v := s.virtualServicesForHost("a.com")[0]
		equal(t, "seen in Istio "+string(version), visible(v.exportTo, v.Namespace, "shop"), want)
	}
}
