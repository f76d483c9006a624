package mesh

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// nowhere is the leg of what routes take and lead to no service. Its cluster is that of the direct way, which is not
// gone: to know who would decide its TLS is to know who decides when the routes change.
func (s *Snapshot) nowhere(svc view, direct leg, name string, p port) leg {
	l := direct
	l.kind = LegNowhere
	r := request{gateway: meshGateway, host: name, port: p.number, client: l.client}
	listener, _ := s.listening(l.client, svc, p)
	v, field := s.taker(listener, l.host, r, listener.reads(p))
	if v != nil {
		l.from, l.answer = &destination{from: v}, &Decision{Object: v.Ref, Field: field}
	}
	return l
}

// cause says why a leg is as it is. Requests end in the proxy; what else no route has a service for passes through it.
func (l leg) cause() Cause {
	switch {
	case l.kind != LegNowhere:
		return l.cluster.Cause
	case l.payload == FamilyTLS || l.payload == FamilyOpaque:
		return CausePassthrough
	}
	return CauseNowhere
}

// leadNowhere tells whether all that a client sends ends in its proxy.
func leadNowhere(legs []leg) bool { return len(legs) == 1 && legs[0].kind == LegNowhere }

// open marks legs as ways on which nothing left before.
func open(legs []leg) {
	for i := range legs {
		legs[i].opened = true
	}
}

// taker finds the VirtualService whose routes are the first to take something, and the field that does.
func (s *Snapshot) taker(l listener, host string, r request, family Family) (*virtualService, string) {
	all := s.routesSeen(r.client, host, l)
	switch family {
	case FamilyHTTP, FamilyUnspecified:
		for _, v := range s.forRequests(all, host, r, l) {
			if field := s.requestsField(v, r); field != "" {
				return v, field
			}
		}
	case FamilyTLS:
		for _, v := range forStream(all, host) {
			if _, taken := s.tlsWays([]*virtualService{v}, r); taken {
				return v, "spec.tls"
			}
		}
	default:
		for _, v := range forStream(all, host) {
			if _, taken := s.tcpWays([]*virtualService{v}, r); taken {
				return v, "spec.tcp"
			}
		}
	}
	return nil, ""
}

// requestsField is the field of v's first route for a request; "" where there is none.
func (s *Snapshot) requestsField(v *virtualService, r request) string {
	for i, route := range v.spec.Http {
		if route != nil && slices.ContainsFunc(s.withDelegate(v, route), func(route *networking.HTTPRoute) bool {
			applies, _ := matchHTTP(v, route, r)
			return applies
		}) {
			return fmt.Sprintf("spec.http[%d].%s", i, action(route))
		}
	}
	return ""
}

// action is the field that says what a route does with a request.
func action(route *networking.HTTPRoute) string {
	switch {
	case route.Delegate != nil:
		return "delegate"
	case route.Redirect != nil:
		return "redirect"
	case route.DirectResponse != nil:
		return "directResponse"
	}
	return "route"
}

// ledTo tells whether routes of the mesh lead to a port of host, under any of its names and from whatever host they take
// the traffic.
func (s *Snapshot) ledTo(host string, number uint32) bool {
	names := []string{host}
	for _, alias := range s.aliases.prefix(host + "\x00") {
		names = append(names, alias)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(s.routesTo(name), func(v *virtualService) bool {
			return slices.Contains(v.gateways, meshGateway) && s.leadsTo(v, name, number)
		})
	})
}

func (s *Snapshot) leadsTo(v *virtualService, host string, number uint32) bool {
	is := func(d *networking.Destination) bool {
		at := d.GetPort().GetNumber()
		return s.settings.qualify(d.GetHost(), v.Namespace) == host && (at == 0 || at == number)
	}
	for _, r := range s.httpRoutes(v) {
		for d := range httpTargets(r) {
			if is(d) {
				return true
			}
		}
	}
	for d := range streamTargets(v.spec) {
		if is(d) {
			return true
		}
	}
	return false
}
