package mesh

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// clientTLS is the TLS setting that a rule has for one port and subset, and where it stands.
type clientTLS struct {
	settings *networking.ClientTLSSettings // nil: none is set
	from     Decision                      // where it stands, or where it would have to
	bySubset bool                          // a subset's own policy decides
}

// tlsFor gives a rule's TLS for a port and subset: subset port > subset > port > rule
// (pilot/pkg/networking/util/util.go GetPortLevelTrafficPolicy, MergeSubsetTrafficPolicy).
func (m *merged) tlsFor(number uint32, subsetName string) clientTLS {
	top := policyTLS(m.policy, number, "spec.trafficPolicy")
	top.from.Object = m.first.Ref
	if m.policyOf != nil {
		top.from.Object = m.policyOf.Ref
	}
	s, ok := m.subset(subsetName)
	if subsetName == "" || !ok || s.TrafficPolicy == nil {
		return top
	}
	own := m.subsetTLS(number, subsetName)
	if own.settings == nil && portEntry(s.TrafficPolicy, number) < 0 {
		return top
	}
	return own
}

// subsetTLS gives what a subset says for itself of a port.
func (m *merged) subsetTLS(number uint32, name string) clientTLS {
	s, _ := m.subset(name)
	own := policyTLS(s.GetTrafficPolicy(), number, fmt.Sprintf("spec.subsets[%d].trafficPolicy", s.index))
	own.from.Object, own.bySubset = s.of.Ref, true
	return own
}

func policyTLS(policy *networking.TrafficPolicy, number uint32, path string) clientTLS {
	if i := portEntry(policy, number); i >= 0 {
		field := fmt.Sprintf("%s.portLevelSettings[%d].tls", path, i)
		return clientTLS{settings: policy.PortLevelSettings[i].Tls, from: Decision{Field: field}}
	}
	return clientTLS{settings: policy.GetTls(), from: Decision{Field: path + ".tls"}}
}

// portEntry is the index of the first entry for this port, or -1.
func portEntry(policy *networking.TrafficPolicy, number uint32) int {
	return slices.IndexFunc(policy.GetPortLevelSettings(), func(p *networking.TrafficPolicy_PortTrafficPolicy) bool {
		return p.GetPort() != nil && p.GetPort().Number == number
	})
}

// Cluster is the TLS with which one proxy sends to one host, port and subset: Istio's cluster
// outbound|port|subset|host.
type Cluster struct {
	// Hop is the leg to the host, with the TLS that the proxy starts on it.
	Hop Hop
	// Cause says why no TLS is started, CauseNone where it is.
	Cause Cause
	// TargetPorts are the effective ports, ascending; empty if Istio builds no endpoints.
	TargetPorts []uint32
	// AutoMutual is true where nothing sets TLS and Istio starts mutual TLS by itself towards those endpoints inside
	// the mesh that take it. Hop.TLS is "" then.
	AutoMutual bool
	// Protocol is the port's declared protocol, Family its class.
	Protocol string
	Family   Family

	rule    *merged
	service view
	lookup  lookup
}

// Originated is true if the proxy starts TLS.
func (c Cluster) Originated() bool { return c.Hop.TLS != "" }

// Cluster answers for one cluster of a client's proxy. ok is false where Istio builds none: the client does not know
// the host or the port, the port is UDP, or no rule for it has the subset.
func (s *Snapshot) Cluster(client Client, host string, number uint32, subsetName string) (Cluster, bool) {
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return Cluster{}, false
	}
	return s.cluster(client, svc, number, subsetName)
}

func (s *Snapshot) cluster(client Client, svc view, number uint32, subsetName string) (Cluster, bool) {
	p, ok := svc.port(number)
	if !ok || p.family() == FamilyUDP {
		return Cluster{}, false
	}
	c := Cluster{
		Protocol: p.protocol, Family: p.family(), service: svc,
		Hop: Hop{From: client.String(), To: svc.host, Port: number, Protocol: p.protocol, Names: []string{}},
	}
	c.lookup = s.rulesAt(client, svc)
	c.rule = c.lookup.choose(client)
	if _, has := c.rule.subset(subsetName); subsetName != "" && !has {
		return Cluster{}, false
	}
	r, ok := s.reachOf(client, svc, p, c.rule, subsetName)
	if !ok {
		return Cluster{}, false
	}
	if c.TargetPorts = r.ports; len(c.TargetPorts) > 0 {
		c.Hop.Port = c.TargetPorts[0]
	}
	switch {
	case client.Kind == ClientZtunnel:
		c.Cause = CauseZtunnel
		return c, subsetName == ""
	case c.rule == nil:
		c.Cause = c.lookup.whyNone(client)
	default:
		c.applyTLS(client, s.accounts(svc), number, subsetName)
	}
	if (c.Cause == CauseNoRule || c.Cause == CauseUnselected || c.Cause == CauseUnset) && s.automatic(svc, p, c.rule, subsetName) {
		c.startMutual(r.how, s.accounts(svc), number, subsetName)
	}
	return c, true
}

// startMutual is what Istio does by itself towards services inside the mesh. Where connections follow the client's
// own there is no choice by endpoint: all of them take it.
func (c *Cluster) startMutual(how discovery, accounts []string, number uint32, subsetName string) {
	if how != dialed {
		c.AutoMutual = true
		return
	}
	c.Cause, c.Hop.TLS = CauseNone, networking.ClientTLSSettings_ISTIO_MUTUAL.String()
	c.mutualNames(&networking.ClientTLSSettings{}, accounts, number, subsetName)
}

// whyNone tells a client without rules from one whose namespace has rules for other pods.
func (l lookup) whyNone(client Client) Cause {
	if len(l.found.all) == 0 {
		return CauseNoRule
	}
	if client.Kind == ClientWaypoint {
		return CauseSelectorAtWaypoint
	}
	return CauseUnselected
}

// applyTLS turns the rule's setting into what the proxy does with it
// (pilot/pkg/networking/core/cluster_tls.go, cluster_waypoint.go).
func (c *Cluster) applyTLS(client Client, accounts []string, number uint32, subsetName string) {
	set := c.rule.tlsFor(number, subsetName)
	c.Hop.DecidedBy = &set.from
	t := set.settings
	if c.Cause = c.whyPlaintext(client, t); c.Cause != CauseNone {
		return
	}
	c.Hop.TLS = t.Mode.String()
	c.Hop.SNI = t.Sni
	c.Hop.Insecure = t.GetInsecureSkipVerify().GetValue()
	if t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL {
		c.mutualNames(t, accounts, number, subsetName)
		return
	}
	c.names(t, accounts)
}

func (c *Cluster) whyPlaintext(client Client, t *networking.ClientTLSSettings) Cause {
	switch {
	case t == nil:
		return CauseUnset
	case t.Mode == networking.ClientTLSSettings_DISABLE && says(t):
		return CauseNoMode
	case t.Mode == networking.ClientTLSSettings_DISABLE:
		return CauseDisabled
	case t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL && c.service.inbound:
		return CauseMutualAtWaypoint
	case t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL:
		return CauseNone
	case client.Kind == ClientSidecar && !c.rule.selects && privileged(t.CredentialName):
		return CauseCredential
	case t.Mode == networking.ClientTLSSettings_MUTUAL && t.CredentialName == "" && (t.ClientCertificate == "" || t.PrivateKey == ""):
		return CauseIncompleteMutual
	}
	return CauseNone
}

// says tells whether a setting without a mode asks for something that only TLS has.
func says(t *networking.ClientTLSSettings) bool {
	return t.Sni != "" || len(t.SubjectAltNames) > 0 || t.CredentialName != "" || t.ClientCertificate != "" ||
		t.PrivateKey != "" || t.CaCertificates != "" || t.InsecureSkipVerify != nil
}

// privileged tells a credential that only its own workload may read from a ConfigMap that everyone may.
func privileged(credential string) bool {
	return credential != "" && !strings.HasPrefix(credential, "configmap://")
}

// names sets what SIMPLE and MUTUAL send and check. A missing sni is taken from the Host header, which only HTTP
// has; the name in it is checked only where neither sni nor subjectAltNames are set
// (cluster_tls.go setAutoSniAndAutoSanValidation).
func (c *Cluster) names(t *networking.ClientTLSSettings, accounts []string) {
	c.Hop.AutoSNI = t.Sni == ""
	c.Hop.AutoNames = !c.Hop.Insecure && (c.service.forwards() || t.Sni == "" && len(t.SubjectAltNames) == 0)
	names := t.SubjectAltNames
	if len(names) == 0 && !c.service.kube && !c.service.inbound {
		names = accounts
	}
	if !c.Hop.Insecure {
		c.Hop.Names = append(c.Hop.Names, names...)
	}
	c.Hop.Verified = c.Hop.verifies(c.Family)
}

// verifies tells whether the server's name is checked for this payload: names taken from the Host header need one.
func (h Hop) verifies(payload Family) bool {
	return !h.Insecure && (len(h.Names) > 0 || h.AutoNames && (payload == FamilyHTTP || payload == FamilyUnspecified))
}

// mutualNames sets what ISTIO_MUTUAL sends: the cluster's name where no sni is set. Its server is verified by the
// mesh's own CA; towards a host outside the mesh that checks no name unless names are given. A forward proxy takes
// both from the request.
func (c *Cluster) mutualNames(t *networking.ClientTLSSettings, accounts []string, number uint32, subsetName string) {
	if c.service.forwards() {
		c.Hop.AutoSNI, c.Hop.AutoNames = c.Hop.SNI == "", !c.Hop.Insecure
	} else if c.Hop.SNI == "" {
		c.Hop.SNI = fmt.Sprintf("outbound_.%d_.%s_.%s", number, subsetName, c.service.host)
	}
	c.Hop.Insecure = false
	names := t.SubjectAltNames
	if names == nil {
		names = accounts
	}
	c.Hop.Names = append(c.Hop.Names, names...)
	c.Hop.Verified = !c.service.external || len(c.Hop.Names) > 0
}
