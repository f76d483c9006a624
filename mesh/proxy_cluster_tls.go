package mesh

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// applyTLS sets what the proxy does with the TLS of the rule (pilot/pkg/networking/core/cluster_tls.go,
// cluster_waypoint.go).
func (c *Cluster) applyTLS(client Client, accounts []string, number uint32, subsetName string) {
	set := c.rule.tlsFor(number, subsetName)
	if set.settings == nil && set.decision.Object.Kind == KindBackendTLSPolicy {
		c.Cause = CauseNoRule // the policies are for other ports alone
		return
	}
	c.Hop.DecidedBy = &set.decision
	t := set.settings
	if c.Cause = c.causeOfPlaintext(client, t); c.Cause != CauseNone {
		return
	}
	c.Hop.TLS = t.Mode.String()
	c.Hop.SNI = t.Sni
	c.Hop.Insecure = t.GetInsecureSkipVerify().GetValue()
	if t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL {
		c.setIstioMutualNames(t, accounts, number, subsetName)
		return
	}
	c.setNames(t, accounts)
}

// causeOfPlaintext returns why a proxy starts no TLS by a rule's setting, CauseNone if it does
// (pilot/pkg/networking/core/cluster_tls.go applyUpstreamTLSSettings, buildUpstreamClusterTLSContext):
//
//	tls: {sni: edition.cnn.com}                   CauseNoMode: the default of mode is DISABLE
//	tls: {mode: DISABLE}                          CauseDisabled
//	tls: {mode: SIMPLE, credentialName: cnn}      CauseCredential at a sidecar, unless the rule has a workloadSelector
//	tls: {mode: MUTUAL}                           CauseIncompleteMutual
//	tls: {mode: ISTIO_MUTUAL}                     CauseMutualAtWaypoint at the waypoint of the host
func (c *Cluster) causeOfPlaintext(client Client, t *networking.ClientTLSSettings) Cause {
	switch {
	case t == nil:
		return CauseUnset
	case t.Mode == networking.ClientTLSSettings_DISABLE && hasTLSFields(t):
		return CauseNoMode
	case t.Mode == networking.ClientTLSSettings_DISABLE:
		return CauseDisabled
	case t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL && c.service.atWaypoint:
		return CauseMutualAtWaypoint
	case t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL:
		return CauseNone
	case client.Kind == ClientSidecar && !c.rule.hasSelector && isSecretCredential(t.CredentialName):
		return CauseCredential
	case t.Mode == networking.ClientTLSSettings_MUTUAL && t.CredentialName == "" && (t.ClientCertificate == "" || t.PrivateKey == ""):
		return CauseIncompleteMutual
	}
	return CauseNone
}

// hasTLSFields reports whether a setting without a mode has a field that only TLS needs.
func hasTLSFields(t *networking.ClientTLSSettings) bool {
	return t.Sni != "" || len(t.SubjectAltNames) > 0 || t.CredentialName != "" || t.ClientCertificate != "" ||
		t.PrivateKey != "" || t.CaCertificates != "" || t.InsecureSkipVerify != nil
}

// isSecretCredential reports whether a credentialName is that of a Secret, which a proxy reads only for workloads
// that the rule selects. ConfigMaps with CA certificates are for every proxy.
func isSecretCredential(credential string) bool {
	return credential != "" && !strings.HasPrefix(credential, "configmap://")
}

// setNames sets the names that SIMPLE and MUTUAL send and check (pilot/pkg/networking/core/cluster_tls.go
// setAutoSniAndAutoSanValidation):
//  1. Without sni, the SNI is the Host header, which only HTTP has.
//  2. Without sni and subjectAltNames, the certificate is checked for that name too. With an sni alone nothing is,
//     unless the ServiceEntry has subjectAltNames.
//  3. The subjectAltNames of the ServiceEntry fill in for those of the rule.
//
// For a port of HTTP:
//
//	tls: {mode: SIMPLE}                                                     the Host header is sent, and checked
//	tls: {mode: SIMPLE, sni: edition.cnn.com}                               edition.cnn.com is sent, nothing is checked
//	tls: {mode: SIMPLE, subjectAltNames: [edition.cnn.com]}                 the Host header is sent, edition.cnn.com checked
//	tls: {mode: SIMPLE, insecureSkipVerify: true}                           the Host header is sent, nothing is checked
func (c *Cluster) setNames(t *networking.ClientTLSSettings, accounts []string) {
	c.Hop.AutoSNI = t.Sni == ""
	c.Hop.AutoNames = !c.Hop.Insecure && (c.service.usesDynamicForwardProxy() || t.Sni == "" && len(t.SubjectAltNames) == 0)
	names := t.SubjectAltNames
	if len(names) == 0 && !c.service.kubernetes && !c.service.atWaypoint {
		names = accounts
	}
	if !c.Hop.Insecure {
		c.Hop.Names = append(c.Hop.Names, names...)
	}
	c.Hop.Verified = c.Hop.verifiesName(c.Family)
}

// clusterSNIPrefix is how the SNI of ISTIO_MUTUAL begins that is a cluster's name (pilot/pkg/model/push_context.go BuildDNSSrvSubsetKey).
const clusterSNIPrefix = "outbound_"

// setIstioMutualNames sets the names that ISTIO_MUTUAL sends and checks: without sni the SNI is the cluster's name,
// as outbound_.80_._.edition.cnn.com. The server is verified by the mesh's CA, which for a host outside the mesh
// checks no name unless names are given. A dynamic forward proxy takes both from the request.
func (c *Cluster) setIstioMutualNames(t *networking.ClientTLSSettings, accounts []string, number uint32, subsetName string) {
	if c.service.usesDynamicForwardProxy() {
		c.Hop.AutoSNI, c.Hop.AutoNames = c.Hop.SNI == "", !c.Hop.Insecure
	} else if c.Hop.SNI == "" {
		c.Hop.SNI = fmt.Sprintf(clusterSNIPrefix+".%d_.%s_.%s", number, subsetName, c.service.host)
	}
	c.Hop.Insecure = false
	names := t.SubjectAltNames
	if names == nil {
		names = accounts
	}
	c.Hop.Names = append(c.Hop.Names, names...)
	c.Hop.Verified = !c.service.meshExternal || len(c.Hop.Names) > 0
}

// asksForService reports whether ISTIO_MUTUAL has the handshake ask for the cluster's name, as no rule has another.
func (c *Cluster) asksForService() bool {
	return c.Hop.TLS == "ISTIO_MUTUAL" && strings.HasPrefix(c.Hop.SNI, clusterSNIPrefix)
}
