package mesh

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// applyTLS turns the rule's setting into what the proxy does with it
// (pilot/pkg/networking/core/cluster_tls.go, cluster_waypoint.go).
func (c *Cluster) applyTLS(client Client, accounts []string, number uint32, subsetName string) {
	set := c.rule.tlsFor(number, subsetName)
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

// hasTLSFields reports whether a setting without a mode asks for something that only TLS has.
func hasTLSFields(t *networking.ClientTLSSettings) bool {
	return t.Sni != "" || len(t.SubjectAltNames) > 0 || t.CredentialName != "" || t.ClientCertificate != "" ||
		t.PrivateKey != "" || t.CaCertificates != "" || t.InsecureSkipVerify != nil
}

// isSecretCredential tells a credential that only its own workload may read from a ConfigMap that everyone may.
func isSecretCredential(credential string) bool {
	return credential != "" && !strings.HasPrefix(credential, "configmap://")
}

// setNames sets what SIMPLE and MUTUAL send and check. A missing sni is taken from the Host header, which only HTTP
// has; the name in it is checked only where neither sni nor subjectAltNames are set
// (cluster_tls.go setAutoSniAndAutoSanValidation).
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

// setIstioMutualNames sets what ISTIO_MUTUAL sends: the cluster's name where no sni is set. Its server is verified by the
// mesh's own CA; towards a host outside the mesh that checks no name unless names are given. A forward proxy takes
// both from the request.
func (c *Cluster) setIstioMutualNames(t *networking.ClientTLSSettings, accounts []string, number uint32, subsetName string) {
	if c.service.usesDynamicForwardProxy() {
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
