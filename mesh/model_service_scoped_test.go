package mesh

import "testing"

// A port whose services declare other families may get anything.
func TestProtocolConflicts(t *testing.T) {
	const host = "a.com"
	for _, c := range []struct {
		name, first, second string
		want                Family
	}{
		{"the same protocol", "HTTP", "HTTP", FamilyHTTP},
		{"protocols of one family", "HTTP", "GRPC", FamilyHTTP},
		{"other families", "HTTP", "TLS", FamilyUnspecified},
		{"UDP is beside it", "HTTP", "UDP", FamilyHTTP},
		{"UDP stays UDP", "UDP", "HTTP", FamilyUDP},
	} {
		s := snapshot(t, `
			ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80, protocol: `+c.first+`}, {number: 81, protocol: HTTP}]}
			ServiceEntry egress/b @2: {hosts: [a.com], ports: [{number: 80, protocol: `+c.second+`}]}`)
		svc, _ := s.serviceFor(parseClient("sidecar own"), host)
		p, _ := svc.port(80)
		equal(t, c.name, p.family(), c.want)
		other, _ := svc.port(81)
		equal(t, c.name+": a port of one service", other.family(), FamilyHTTP)
		declared := s.services.At(host)[0].ports[0]
		equal(t, c.name+": the service itself", declared.protocolConflict, false)
	}
}

// What a client knows of a service.
func TestScopedService(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80}]}
		ServiceEntry egress/b @2: {hosts: [a.com], ports: [{number: 81}]}`)
	svc, _ := s.serviceFor(parseClient("sidecar own"), "a.com")
	a, b := Ref{KindServiceEntry, "egress", "a"}, Ref{KindServiceEntry, "egress", "b"}
	for _, c := range []struct {
		name string
		have bool
		want bool
	}{
		{"a port", svc.hasPort(81), true},
		{"another port", svc.hasPort(82), false},
		{"a port of no service", scopedService{}.hasPort(0), false},
		{"the service declares its port", svc.declares(80, a), true},
		{"and all of its ports", svc.declares(81, a), true},
		{"a port that was merged in has its own object", svc.declares(81, b), true},
		{"which declares no other", svc.declares(80, b), false},
		{"nor one that is not there", svc.declares(82, b), false},
		{"its entry", svc.serviceEntry() == s.Get(a).Spec, true},
		{"no service has none", scopedService{}.serviceEntry() == nil, true},
	} {
		equal(t, c.name, c.have, c.want)
	}
}
