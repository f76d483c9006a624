package mesh

import (
	"fmt"
	"strings"
)

// pathLine returns an answer of Resolve on one line: "originated: gateway egress.istio-system... 443 | api.bank.example 443 SIMPLE".
func pathLine(p Path) string {
	line := string(p.Verdict)
	if p.Cause != CauseNone {
		line += " " + string(p.Cause)
	}
	hops := make([]string, 0, len(p.Hops))
	for _, h := range p.Hops {
		hops = append(hops, hopLine(h))
	}
	if len(hops) > 0 {
		line += ": " + strings.Join(hops, " | ")
	}
	return line
}

// hopLine returns where a hop leads, with the mode of its TLS and the SNI.
func hopLine(h Hop) string {
	line := fmt.Sprintf("%s %d", h.To, h.Port)
	if h.TLS != "" {
		line += " " + h.TLS
	}
	if h.SNI != "" {
		line += " sni=" + h.SNI
	}
	if h.Verified {
		line += " verified"
	}
	return line
}

// resolved returns what Resolve answers for a client, written as parseClient reads it.
func resolved(s *Snapshot, client, host string, port uint32) string {
	return pathLine(s.Resolve(parseClient(client), host, port))
}

// consideredLines returns the objects that did not decide, each with the reason.
func consideredLines(list []Considered) string {
	lines := make([]string, 0, len(list))
	for _, c := range list {
		lines = append(lines, c.Object.String()+": "+c.Why)
	}
	return strings.Join(lines, "\n")
}

// clientLines returns clients, " | " between them.
func clientLines(list []Client) string {
	lines := make([]string, 0, len(list))
	for _, c := range list {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, " | ")
}
