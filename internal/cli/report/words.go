package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/internal/cli/explain"
	"github.com/tlsward/tlsward/mesh"
)

// sign returns one character for a state, which says it without colour.
func sign(s audit.State) string {
	switch s {
	case audit.Plaintext:
		return "✗"
	case audit.Unchecked:
		return "!"
	case audit.Doubled:
		return "2"
	case audit.Undeclared:
		return "?"
	case audit.Unknown:
		return "~"
	case audit.ByApplication:
		return "a"
	case audit.Checked:
		return "✓"
	}
	return "·"
}

// meaning returns what a state means, in a line.
func meaning(s audit.State) string {
	switch s {
	case audit.Plaintext:
		return "leaves as the application writes it: whoever is on the way reads it"
	case audit.Unchecked:
		return "under TLS, to whoever has a certificate of a known CA: the name is not checked, or that of another host is"
	case audit.Doubled:
		return "a proxy starts TLS around the application's own"
	case audit.Undeclared:
		return "this client does not see the entry: what it sends leaves as the application writes it"
	case audit.Unknown:
		return "the mesh has no answer"
	case audit.ByApplication:
		return "the application starts TLS; what it checks nobody sees"
	case audit.Checked:
		return "under TLS of a proxy that checks the server's name"
	}
	return "nothing leaves"
}

// admission returns in words who is let in.
func admission(a audit.Admits) string {
	switch a {
	case audit.Anybody:
		return "anybody, plaintext callers included"
	case audit.SomeRule:
		return "whom a rule without an identity lets in"
	case audit.Outside:
		return "clients from outside (ingress gateway)"
	case audit.AnyWorkload:
		return "any workload of the mesh"
	}
	return "those that policies name"
}

// admissionSign returns one character for who is let in.
func admissionSign(a audit.Admits) string {
	switch a {
	case audit.Anybody:
		return "✗"
	case audit.SomeRule:
		return "!"
	case audit.Outside:
		return "→"
	case audit.AnyWorkload:
		return "m"
	}
	return "✓"
}

// from returns whose connection it is, as "shop, till" or "all others".
func from(c audit.Connection, limit int) string {
	var who string
	switch {
	case c.Client.Kind == mesh.ClientWaypoint && c.Namespaces == nil:
		who = "the waypoint of " + c.Client.Namespace
	case c.Namespaces == nil:
		who = "all others"
	case len(c.Namespaces) > limit:
		who = fmt.Sprintf("%s and %d more", strings.Join(c.Namespaces[:limit], ", "), len(c.Namespaces)-limit)
	default:
		who = strings.Join(c.Namespaces, ", ")
	}
	for _, part := range strings.Fields(c.Client.String())[1:] {
		if strings.Contains(part, "=") {
			who += " " + part
		}
	}
	return who
}

// why returns what a reader wants to know of a connection beside its state.
func why(c audit.Connection) string {
	if c.Exempt != "" {
		return c.Exempt
	}
	if c.State == audit.Checked || c.State == audit.Unchecked || c.State == audit.ByApplication || c.State == audit.Doubled {
		return ""
	}
	if c.Path.Cause == mesh.CauseNone && c.State == audit.Closed {
		return "a route leads it to a service inside the mesh"
	}
	return explain.Why(c.Path.Cause)
}

// by returns who decided, or why nothing did.
func by(c audit.Connection) string { return cmp.Or(c.DecidedBy(), why(c)) }
