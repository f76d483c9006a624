package mesh

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// refusedListeners returns the fields of the object under review for which Envoy refuses every listener that they are in. Istio puts
// them into one listener with everybody else's connections of that port, and checks none of them: a proxy that starts has no such
// listener, and passes on as it is, in plaintext, whatever is sent to the port. A sidecar that runs keeps the listener that it has.
// Here it is 0.0.0.0_80, with the filter chain of all hosts for HTTP on port 80:
//
//	kind: ServiceEntry
//	spec:
//	  hosts: ["*evil.example"]      # "partial wildcards are not supported in server_names"
//	  ports: [{number: 80, name: tls, protocol: TLS}]
//
// An update that leaves the spec alone has none.
func (s *Snapshot) refusedListeners(object, stored *Object) []OutsideModel {
	if stored != nil && sameSpec(object, stored) {
		return nil
	}
	var fields []string
	switch spec := object.Spec.(type) {
	case *networking.ServiceEntry:
		fields = s.refusedHosts(spec)
	case *networking.Gateway:
		fields = refusedServers(object, spec)
	case *networking.VirtualService:
		fields = refusedMatches(spec)
	}
	var found []OutsideModel
	for _, field := range fields {
		found = append(found, OutsideModel{Field: field, StartsPlaintext: true, Means: MeansRefusedListener})
	}
	for _, field := range proxyPorts(object) {
		found = append(found, OutsideModel{Field: field, StartsPlaintext: true, Means: MeansProxyPort})
	}
	return found
}

// proxyPorts returns the ports of an entry whose listener has the address of virtualOutbound or virtualInbound, to which all connections
// of a pod are redirected (proxyListenPort and proxyInboundListenPort of Istio's defaults): Envoy takes the first of two. HTTP has none
// there (pilot/pkg/networking/core/listener.go), nor has a host with addresses of its own.
func proxyPorts(object *Object) []string {
	spec, ok := object.Spec.(*networking.ServiceEntry)
	if !ok || len(spec.Addresses) > 0 && !slices.ContainsFunc(spec.Addresses, isRange) {
		return nil
	}
	var fields []string
	for i, p := range spec.Ports {
		family := FamilyOf(p.GetProtocol())
		if (p.GetNumber() == 15001 || p.GetNumber() == 15006) && family != FamilyHTTP && family != FamilyUDP {
			fields = append(fields, fmt.Sprintf("spec.ports[%d].number", i))
		}
	}
	return fields
}

// isRange reports whether an address of an entry is more than one.
func isRange(text string) bool {
	prefix, ok := parseAddresses(text)
	return ok && !isOwnAddress(prefix)
}

func sameSpec(a, b *Object) bool {
	x, ok := a.Spec.(proto.Message)
	y, same := b.Spec.(proto.Message)
	return ok && same && proto.Equal(x, y)
}

// refusedHosts returns the hosts of an entry for TLS that Envoy refuses as server names. Istio compares hosts as they are written, and
// Envoy, which does not, sees two filter chains that match alike where a port for TLS has one in two spellings.
func (s *Snapshot) refusedHosts(spec *networking.ServiceEntry) []string {
	var ports []uint32
	for _, p := range spec.Ports {
		if FamilyOf(p.GetProtocol()) == FamilyTLS {
			ports = append(ports, p.GetNumber())
		}
	}
	if len(ports) == 0 {
		return nil
	}
	var fields []string
	otherCases := s.otherCasesOf(len(spec.Hosts))
	for i, name := range spec.Hosts {
		if isPartialWildcard(name) || s.isForTLS(otherCases(name), name, ports) {
			fields = append(fields, fmt.Sprintf("spec.hosts[%d]", i))
		}
	}
	return fields
}

// isForTLS reports whether hosts other than a name are declared for TLS on one of the ports.
func (s *Snapshot) isForTLS(hosts []string, name string, ports []uint32) bool {
	return slices.ContainsFunc(hosts, func(known string) bool {
		return known != name && slices.ContainsFunc(s.services.At(known), func(svc *service) bool {
			return slices.ContainsFunc(svc.ports, func(p port) bool { return p.family() == FamilyTLS && slices.Contains(ports, p.number) })
		})
	})
}

// isPartialWildcard reports whether a server name has a wildcard that is no whole label
// (source/common/listener_manager/filter_chain_manager_impl.cc, "partial wildcards are not supported").
func isPartialWildcard(name string) bool {
	return strings.HasPrefix(name, "*") && name != "*" && !strings.HasPrefix(name, "*.")
}

// refusedNames returns the server names of a match that Envoy refuses. In capital letters no client asks for one, and it is
// that of somebody else.
func refusedNames(path string, names []string) []string {
	var fields []string
	for i, name := range names {
		if isPartialWildcard(name) || name != strings.ToLower(name) {
			fields = append(fields, fmt.Sprintf("%s[%d]", path, i))
		}
	}
	return fields
}

// refusedServers returns the hosts of a Gateway's servers for TLS that Envoy refuses. Those in other letters, serversAlike knows.
func refusedServers(g *Object, spec *networking.Gateway) []string {
	var fields []string
	for i, srv := range spec.Servers {
		if srv.GetPort() == nil || !newGatewayServer(g, srv).isTLS() {
			continue
		}
		var names []string
		for _, h := range srv.Hosts {
			names = append(names, strings.ToLower(stripNamespace(h)))
		}
		fields = append(fields, refusedNames(fmt.Sprintf("spec.servers[%d].hosts", i), names)...)
	}
	return fields
}

// refusedMatches returns what of the matches of tls and tcp routes Envoy refuses: Istio makes a filter chain match of each as it is,
// and says a name or a range twice where the match does.
func refusedMatches(spec *networking.VirtualService) []string {
	var fields []string
	for i, route := range spec.Tls {
		for j, m := range route.GetMatch() {
			path := fmt.Sprintf("spec.tls[%d].match[%d]", i, j)
			fields = append(fields, refusedNames(path+".sniHosts", m.GetSniHosts())...)
			fields = append(fields, repeated(path+".sniHosts", m.GetSniHosts(), strings.ToLower)...)
			fields = append(fields, repeated(path+".destinationSubnets", m.GetDestinationSubnets(), maskedRange)...)
		}
	}
	for i, route := range spec.Tcp {
		for j, m := range route.GetMatch() {
			fields = append(fields, repeated(fmt.Sprintf("spec.tcp[%d].match[%d].destinationSubnets", i, j), m.GetDestinationSubnets(), maskedRange)...)
		}
	}
	return fields
}

// repeated returns the values at a path that are the same to Envoy as one before them.
func repeated(path string, values []string, same func(string) string) []string {
	var fields []string
	seen := map[string]bool{}
	for i, value := range values {
		if key := same(value); seen[key] {
			fields = append(fields, fmt.Sprintf("%s[%d]", path, i))
		} else {
			seen[key] = true
		}
	}
	return fields
}

// maskedRange returns an address or a range as Envoy compares it.
func maskedRange(text string) string {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()).String()
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked().String()
	}
	return text
}
