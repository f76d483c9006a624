package mesh

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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
func refusedListeners(object, stored *Object) []OutsideModel {
	if stored != nil && sameSpec(object, stored) {
		return nil
	}
	var fields []string
	switch spec := object.Spec.(type) {
	case *networking.ServiceEntry:
		fields = refusedHosts(spec)
	case *networking.Gateway:
		fields = refusedServers(object, spec)
	case *networking.VirtualService:
		fields = refusedMatches(object.Namespace, spec)
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

// refusedHosts returns the hosts of an entry for TLS that Envoy refuses as server names.
func refusedHosts(spec *networking.ServiceEntry) []string {
	if !slices.ContainsFunc(spec.Ports, func(p *networking.ServicePort) bool { return FamilyOf(p.GetProtocol()) == FamilyTLS }) {
		return nil
	}
	return refusedNames("spec.hosts", spec.Hosts)
}

// isPartialWildcard reports whether a server name has a wildcard that is no whole label
// (source/common/listener_manager/filter_chain_manager_impl.cc, "partial wildcards are not supported").
func isPartialWildcard(name string) bool {
	return strings.HasPrefix(name, "*") && name != "*" && !strings.HasPrefix(name, "*.")
}

// refusedNames returns the server names at a path that Envoy refuses: partial wildcards, and those in capital letters. Istio compares names as
// they are written, and Envoy, which does not, sees two filter chains that match alike where somebody else has the name in small ones.
func refusedNames(path string, names []string) []string {
	var fields []string
	for i, name := range names {
		if isPartialWildcard(name) || name != strings.ToLower(name) {
			fields = append(fields, fmt.Sprintf("%s[%d]", path, i))
		}
	}
	return fields
}

// refusedServers returns the hosts of a Gateway's servers for TLS that Envoy refuses, and hashes of certificates that are none. Those in
// other letters, serversAlike knows.
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
		fields = append(fields, refusedHashes(fmt.Sprintf("spec.servers[%d].tls", i), srv.GetTls())...)
	}
	return fields
}

// refusedHashes returns the hashes of clients' certificates and keys at a path that are none. Istio passes them on as they are where a
// server asks for certificates and has its own by name (pilot/pkg/security/model/authentication.go
// ApplyCredentialSDSToServerCommonTLSContext); Envoy takes 64 hex digits, or 32 pairs with colons, and base64 of 32 bytes
// (source/common/tls/cert_validator/default_validator.cc, "Invalid hex-encoded SHA-256").
func refusedHashes(path string, tls *networking.ServerTLSSettings) []string {
	mutual := tls.GetMode() == networking.ServerTLSSettings_MUTUAL || tls.GetMode() == networking.ServerTLSSettings_OPTIONAL_MUTUAL
	if !mutual || tls.GetCredentialName() == "" && len(tls.GetCredentialNames()) == 0 {
		return nil
	}
	var fields []string
	for i, text := range tls.GetVerifyCertificateHash() {
		if !isCertificateHash(text) {
			fields = append(fields, fmt.Sprintf("%s.verifyCertificateHash[%d]", path, i))
		}
	}
	for i, text := range tls.GetVerifyCertificateSpki() {
		if !isKeyHash(text) {
			fields = append(fields, fmt.Sprintf("%s.verifyCertificateSpki[%d]", path, i))
		}
	}
	return fields
}

// isCertificateHash reports whether text is the SHA-256 of a certificate, in hex.
func isCertificateHash(text string) bool {
	if len(text) == 95 {
		text = strings.ReplaceAll(text, ":", "")
	}
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == sha256.Size
}

// isKeyHash reports whether text is the SHA-256 of a key, in base64.
func isKeyHash(text string) bool {
	sum, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && len(sum) == sha256.Size && len(text) == base64.StdEncoding.EncodedLen(sha256.Size)
}

// refusedMatches returns what of the matches of tls and tcp routes Envoy refuses. Istio makes a filter chain of each match of a tls route, as it
// is, but for those whose names and ranges are the same word by word, and one of all matches of a tcp route
// (pilot/pkg/networking/core/tls.go); Envoy refuses two that have a name and a range in common.
func refusedMatches(namespace string, spec *networking.VirtualService) []string {
	var fields []string
	chains := tlsMatches{ranges: map[string]bool{}, keys: map[string]bool{}, seen: map[string]ports{}}
	for i, route := range spec.Tls {
		for j, m := range route.GetMatch() {
			path := fmt.Sprintf("spec.tls[%d].match[%d]", i, j)
			fields = append(fields, refusedNames(path+".sniHosts", m.GetSniHosts())...)
			fields = append(fields, repeated(path+".sniHosts", m.GetSniHosts(), strings.ToLower)...)
			fields = append(fields, repeated(path+".destinationSubnets", m.GetDestinationSubnets(), maskedRange)...)
			if len(route.GetRoute()) > 0 && matchesGateway(m.GetGateways(), namespace, meshGateway) && chains.meet(m) {
				fields = append(fields, path)
			}
		}
	}
	for i, route := range spec.Tcp {
		seen := map[string]ports{}
		for j, m := range route.GetMatch() {
			path := fmt.Sprintf("spec.tcp[%d].match[%d].destinationSubnets", i, j)
			for k, text := range m.GetDestinationSubnets() {
				if note(seen, clientsOf(m.GetSourceNamespace(), m.GetSourceLabels())+maskedRange(text), m.GetPort()) {
					fields = append(fields, fmt.Sprintf("%s[%d]", path, k))
				}
			}
		}
	}
	return fields
}

// tlsMatches are the matches of tls routes that were before.
type tlsMatches struct {
	// ranges are those of the last match that has any: they stay for the next ones.
	ranges map[string]bool
	// keys are the matches word by word, and seen the ports for which a name of some clients was there with a range; "" stands for no range.
	keys map[string]bool
	seen map[string]ports
}

// ports are the ports of matches; 0 stands for all.
type ports map[uint32]bool

// note notes a port under a key, and reports whether one that it meets was there.
func note(seen map[string]ports, key string, port uint32) (met bool) {
	had := seen[key]
	if had == nil {
		had = ports{}
		seen[key] = had
	}
	met = had[port] || had[0] || port == 0 && len(had) > 0
	had[port] = true
	return met
}

// meet reports whether a match has a name and a range in common with one before, of which Istio takes it for another.
func (t *tlsMatches) meet(m *networking.TLSMatchAttributes) bool {
	if len(m.GetDestinationSubnets()) > 0 {
		t.ranges = map[string]bool{}
		for _, text := range m.GetDestinationSubnets() {
			t.ranges[maskedRange(text)] = true
		}
	}
	clients := clientsOf(m.GetSourceNamespace(), m.GetSourceLabels())
	key := fmt.Sprint(clients, m.GetPort(), strings.Join(m.GetSniHosts(), ","), "|", strings.Join(m.GetDestinationSubnets(), ","))
	if t.keys[key] {
		return false // Istio makes none of it
	}
	t.keys[key] = true
	ranges := t.ranges
	if len(ranges) == 0 {
		ranges = map[string]bool{"": true}
	}
	meets := false
	for _, name := range m.GetSniHosts() {
		for r := range ranges {
			meets = note(t.seen, clients+strings.ToLower(name)+" "+r, m.GetPort()) || meets
		}
	}
	return meets
}

// clientsOf returns a word for the clients that a match is for.
func clientsOf(namespace string, labels map[string]string) string {
	return fmt.Sprint(namespace, " ", labels, " ") // fmt sorts maps
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
