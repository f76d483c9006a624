package mutators

import (
	"encoding/json"
	"reflect"
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// allPorts stands for all ports of the hosts that a rule covers.
const allPorts = 0

// gains reports whether TLS breaks nothing that the rule covers on a port: all of it leaves the mesh, its ports are of the
// families, and no server is known to listen for plaintext. This rule breaks every service of the mesh on port 80, where it is
// completed for the sake of a host outside:
//
//	host: "*"
//	trafficPolicy: {connectionPool: {tcp: {maxConnections: 100}}}
func (s portSettings) gains(number uint32, families ...mesh.Family) bool {
	return !s.mesh.AnyCovered(s.rule, number, func(p mesh.CoveredPort) bool {
		return !p.Leaves || p.WrittenPlaintextPort || !slices.Contains(families, p.Family)
	})
}

// settingsToAdd returns the client TLS settings for the port, which has none: those by which TLS would be started without the
// rule, as by one in the service's namespace, else those of Config. It returns nil where not all gain by the same.
func (s portSettings) settingsToAdd(rules []v1alpha1.Origination) map[string]any {
	if !s.gains(s.port.Port, mesh.FamilyHTTP) {
		return nil
	}
	had, same := s.settingsWithout()
	switch {
	case !same || had != nil && hasNames(had) && s.decidesForOtherHosts():
		return nil
	case had != nil:
		return asJSON(had)
	}
	configured := originationIndex(rules, s.port.Host)
	if s.mesh.AnyCovered(s.rule, s.port.Port, func(p mesh.CoveredPort) bool { return originationIndex(rules, p.Host) != configured }) {
		return nil
	}
	return originationFor(rules, s.port.Host)
}

// settingsWithout returns the settings by which TLS would be started without the rule for whoever has the port by it; nil where
// it would not. same reports whether they are the same for all, but for clients of a host without any.
func (s portSettings) settingsWithout() (had *networking.ClientTLSSettings, same bool) {
	without := s.mesh.Without(s.rule)
	byHost := map[string]*networking.ClientTLSSettings{}
	for _, g := range s.governed {
		if g.Port != s.port.Port || !s.decidesFor(g) {
			continue
		}
		tls, known := without.TLSByRule(g.Client, g.Host, g.Port), byHost[g.Host]
		if tls != nil && known != nil && !reflect.DeepEqual(asJSON(tls), asJSON(known)) {
			return nil, false
		}
		if known == nil {
			byHost[g.Host] = tls
		}
	}
	had = byHost[s.port.Host]
	for _, tls := range byHost {
		if (tls == nil) != (had == nil) || tls != nil && !reflect.DeepEqual(asJSON(tls), asJSON(had)) {
			return nil, false
		}
	}
	return had, true
}

// hasNames reports whether settings have names of one host.
func hasNames(tls *networking.ClientTLSSettings) bool {
	return tls.Sni != "" || len(tls.SubjectAltNames) > 0
}

// asJSON returns settings as decoded JSON.
func asJSON(tls *networking.ClientTLSSettings) map[string]any {
	var fields map[string]any
	if raw, err := json.Marshal(tls); err == nil {
		_ = json.Unmarshal(raw, &fields) // what was marshalled can be read
	}
	return fields
}
