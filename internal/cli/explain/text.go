package explain

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
)

// Locate gives the place of a decision as "file:line", "" if it is not known.
type Locate func(mesh.Decision) string

// WriteText writes answers for a person.
func WriteText(w io.Writer, answers []Answer, locate Locate, style terminal.Style) error {
	var b strings.Builder
	for i, a := range answers {
		if i > 0 {
			b.WriteByte('\n')
		}
		a.write(&b, locate, style)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (a Answer) write(b *strings.Builder, locate Locate, style terminal.Style) {
	fmt.Fprintf(b, "%s: %s\n", style.Bold(fmt.Sprintf("%s -> %s:%d", a.Client, a.Host, a.Port)), a.verdict(style))
	if why := causes[a.Cause]; why != "" && (a.Verdict == mesh.Plaintext || a.Verdict == mesh.Unknown) {
		fmt.Fprintf(b, "  why: %s\n", why)
	}
	for i, h := range a.Hops {
		fmt.Fprintf(b, "  %d. %s -> %s, port %d%s\n", i+1, h.From, h.To, h.Port, protocol(h))
		if a.Cause != mesh.CauseNowhere {
			fmt.Fprintf(b, "     TLS: %s\n", tls(h))
		}
		if h.TLS != "" {
			fmt.Fprintf(b, "     server name sent: %s\n", sni(h))
			fmt.Fprintf(b, "     server name checked: %s\n", names(h))
		}
		if h.DecidedBy != "" {
			place := locate(*a.decisions[i])
			if place != "" {
				place = " (" + place + ")"
			}
			fmt.Fprintf(b, "     decided by: %s%s\n", h.DecidedBy, style.Dim(place))
		}
	}
	if len(a.Considered) > 0 {
		b.WriteString("  did not decide:\n")
	}
	for _, c := range a.Considered {
		fmt.Fprintf(b, "   - %s: %s\n", c.Object, c.Why)
	}
}

func (a Answer) verdict(style terminal.Style) string {
	switch a.Verdict {
	case mesh.Plaintext:
		return style.Red("plaintext") + ": the bytes leave the mesh as the application wrote them"
	case mesh.Originated:
		return style.Green("originated") + ": a proxy starts TLS"
	case mesh.ApplicationTLS:
		return style.Green("application-tls") + ": the application starts TLS itself"
	case mesh.DoubleTLS:
		return style.Yellow("double-tls") + ": a proxy starts TLS around the application's TLS"
	}
	if a.Cause == mesh.CauseNowhere {
		return string(a.Verdict) + ": nothing leaves the mesh"
	}
	return style.Yellow(string(a.Verdict)) + ": the mesh does not know this host and port"
}

// causes says in words why a flow is as it is.
var causes = map[mesh.Cause]string{
	mesh.CauseNoRule:             "no DestinationRule applies to this client",
	mesh.CauseUnset:              "a DestinationRule applies and sets no TLS for this port",
	mesh.CauseDisabled:           "TLS mode DISABLE is written down",
	mesh.CauseNoMode:             "tls has no mode, which Istio reads as DISABLE",
	mesh.CauseUnselected:         "the rules that stand have a workloadSelector, and none selects this client",
	mesh.CauseCredential:         "credentialName on a sidecar needs a workloadSelector; without one Istio starts no TLS",
	mesh.CauseIncompleteMutual:   "MUTUAL without a certificate: Istio starts no TLS",
	mesh.CauseMutualAtWaypoint:   "a waypoint takes ISTIO_MUTUAL towards external hosts for no TLS",
	mesh.CauseSelectorAtWaypoint: "a waypoint ignores rules with a workloadSelector",
	mesh.CauseZtunnel:            "an ambient pod without a waypoint: nothing reads DestinationRules",
	mesh.CauseMergedAway:         "Istio merges the rules for this host and drops this policy",
	mesh.CauseUnknownHost:        "no ServiceEntry and no Service has this host",
	mesh.CauseCaseMismatch:       "a known host differs in case only",
	mesh.CausePassthrough:        "this client's proxy does not know the host: the bytes pass through as they are, if at all",
	mesh.CauseNowhere:            "routes redirect or answer it, or lead to no service that this client's proxy knows",
}

func protocol(h Hop) string {
	if h.Protocol == "" {
		return ", no protocol given"
	}
	return ", protocol " + h.Protocol
}

func tls(h Hop) string {
	if h.TLS == "" {
		return "none"
	}
	return h.TLS
}

func sni(h Hop) string {
	switch {
	case h.SNI != "":
		return h.SNI
	case h.AutoSNI:
		return "the request's Host header"
	}
	return "none"
}

func names(h Hop) string {
	switch {
	case len(h.Names) > 0:
		return strings.Join(h.Names, ", ")
	case h.AutoNames:
		return "the request's Host header"
	case h.Verified:
		return "by the mesh's identity"
	}
	return "none: any certificate that a known CA signed will do"
}
