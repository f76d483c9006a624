package explain

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
)

// facts are what is known of a mesh beside the paths.
type facts struct {
	// locate returns the place of a decision as "file:line", "" if it is unknown.
	locate func(mesh.Decision) string
	// passesOn reports whether what a client sends to hosts that its proxy does not know leaves (mesh.Snapshot.PassesOn).
	passesOn func(mesh.Client) bool
}

// writeText writes the paths for a person.
func writeText(w io.Writer, paths []mesh.Path, known facts, style terminal.Style) error {
	var b strings.Builder
	for i, p := range paths {
		if i > 0 {
			b.WriteByte('\n')
		}
		writePath(&b, p, known, style)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writePath(b *strings.Builder, p mesh.Path, known facts, style terminal.Style) {
	fmt.Fprintf(b, "%s: %s\n", style.Bold(fmt.Sprintf("%s -> %s:%d", p.Client, p.Host, p.Port)), verdict(p, style))
	if why := causes[p.Cause]; why != "" && needsWhy(p) {
		fmt.Fprintf(b, "  why: %s\n", why)
	}
	if p.Cause == mesh.CauseUnknownHost || p.Cause == mesh.CausePassthrough {
		b.WriteString(undeclared(p.Client, known.passesOn(p.Client)))
	}
	for i, h := range p.Hops {
		fmt.Fprintf(b, "  %d. %s -> %s, port %d%s\n", i+1, h.From, h.To, h.Port, protocol(h))
		if p.Cause != mesh.CauseNoDestination && p.Cause != mesh.CauseNoCluster {
			writeTLS(b, h)
		}
		if h.DecidedBy != nil {
			place := known.locate(*h.DecidedBy)
			if place != "" {
				place = " (" + place + ")"
			}
			fmt.Fprintf(b, "     decided by: %s%s\n", h.DecidedBy, style.Dim(place))
		}
	}
	if len(p.Considered) > 0 {
		b.WriteString("  did not decide:\n")
	}
	for _, c := range p.Considered {
		fmt.Fprintf(b, "   - %s: %s\n", c.Object, c.Why)
	}
}

// needsWhy reports whether a person would ask why a proxy starts no TLS: where the application does, only if a rule asks for
// TLS of the proxy's that Istio does not set up.
func needsWhy(p mesh.Path) bool {
	switch p.Verdict {
	case mesh.Plaintext, mesh.Unknown:
		return true
	case mesh.ApplicationTLS:
		return p.Cause == mesh.CauseCredential || p.Cause == mesh.CauseIncompleteMutual || p.Cause == mesh.CauseMutualAtWaypoint
	}
	return false
}

// undeclared returns lines that say what happens to what a client sends to a host that its proxy does not know, and how to
// close that way.
func undeclared(client mesh.Client, passesOn bool) string {
	const declare = "  to close it: declare the host and port (ServiceEntry), with a DestinationRule that starts TLS;"
	switch {
	case client.Kind == mesh.ClientZtunnel:
		return "  then: it leaves the mesh as the application sends it; outboundTrafficPolicy does not bind ztunnel\n" + declare +
			" for all other hosts\n    a NetworkPolicy, or a firewall that lets out the egress gateway alone\n"
	case passesOn:
		return "  then: it leaves the mesh as the application sends it (outboundTrafficPolicy ALLOW_ANY)\n" + declare +
			" for all other hosts\n    outboundTrafficPolicy.mode REGISTRY_ONLY, in MeshConfig or in a Sidecar\n"
	}
	return "  then: nothing leaves by this proxy; it sends to no host that it does not know\n"
}

// writeTLS writes the TLS that the proxy starts on a hop, and what it checks of the server.
func writeTLS(b *strings.Builder, h mesh.Hop) {
	if h.TLS == "" {
		b.WriteString("     TLS: none\n")
		return
	}
	fmt.Fprintf(b, "     TLS: %s\n     server name sent: %s\n     server name checked: %s\n", h.TLS, sni(h), names(h))
}

func verdict(p mesh.Path, style terminal.Style) string {
	switch p.Verdict {
	case mesh.Plaintext:
		return style.Red("plaintext") + ": the bytes leave the mesh as the application wrote them"
	case mesh.Originated:
		return style.Green("originated") + ": a proxy starts TLS"
	case mesh.ApplicationTLS:
		return style.Green("application-tls") + ": the application starts TLS itself"
	case mesh.DoubleTLS:
		return style.Yellow("double-tls") + ": a proxy starts TLS around the application's TLS"
	}
	if p.Cause == mesh.CauseNoDestination || p.Cause == mesh.CauseNoCluster {
		return string(p.Verdict) + ": nothing leaves the mesh"
	}
	return style.Yellow(string(p.Verdict)) + ": the mesh does not know this host and port"
}

// Why returns a cause in words, "" for one that needs none.
func Why(c mesh.Cause) string { return causes[c] }

// causes has the words for each cause.
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
	mesh.CausePassthrough:        "this client's proxy knows no such host and port",
	mesh.CausePortNotDeclared:    "the entry that this client has for the host does not declare the port",
	mesh.CauseDeclaredOtherwise:  "the entry that this client has for the host declares the port for another protocol",
	mesh.CauseOtherAddresses:     "the entry that this client has for the host has the port at other addresses",
	mesh.CauseRoutedInside:       "a route of a third namespace leads it to a service inside the mesh",
	mesh.CauseNotExported:        "the entry that this client had for the host is not exported to it any more",
	mesh.CauseLeftToWildcard:     "the entry of a wildcard over the host takes it, and no rule starts TLS for that",
	mesh.CauseKeptInside:         "the entry that this client has for the host, of another namespace, has servers inside the mesh",
	mesh.CauseDeclaredTLS:        "the entry that this client has for the host declares the port for TLS, which it does not send",
	mesh.CauseNoCluster:          "its route leads to a subset that no DestinationRule has which this client finds: the proxy answers 503",
	mesh.CauseNoDestination:      "routes redirect or answer it, or lead to no service that this client's proxy knows",
}

func protocol(h mesh.Hop) string {
	if h.Protocol == "" {
		return ", no protocol given"
	}
	return ", protocol " + h.Protocol
}

// sni returns the server name that the proxy sends. Where it is to come from the Host header and no name is checked
// either, although that would come from there, too, there is no such header: the bytes are not HTTP.
func sni(h mesh.Hop) string {
	switch {
	case h.SNI != "":
		return h.SNI
	case h.AutoSNI && h.AutoNames && !h.Verified:
		return "none: only HTTP has a Host header to take it from"
	case h.AutoSNI:
		return "the request's Host header"
	}
	return "none"
}

// names returns the server names that the proxy checks.
func names(h mesh.Hop) string {
	switch {
	case len(h.Names) > 0:
		return strings.Join(h.Names, ", ")
	case h.AutoNames && h.Verified:
		return "the request's Host header"
	case h.Verified:
		return "by the mesh's identity"
	case h.TLS == "ISTIO_MUTUAL":
		return "none: any certificate of the mesh's CA will do"
	}
	return "none: any certificate that a known CA signed will do"
}
