package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"istio.io/istio/pkg/config/protocol"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// refusesPlaintext reports whether a violation refuses a flow for being in plaintext.
func refusesPlaintext(v policies.Violation) bool {
	return v.Action == v1alpha1.Deny && v.Policy == "plaintext-egress"
}

// checkRefusal sees that the flows for which a review is refused are in plaintext by Istio's word too, and that what is
// said to have been under TLS was.
func (c *ReviewChecker) checkRefusal(v *Verdict, before, after *Istio, decision admission.Decision) {
	for _, f := range c.refusedFlows(decision) {
		client := f.Client
		if client.Namespace == mesh.AnyNamespace {
			client.Namespace = emptyNamespace
		}
		is, ok := ask(v, after, client)
		if !ok {
			continue
		}
		key := Key{Host: f.Host, Port: f.Port, Subset: f.Subset}
		v.Refused++
		if f.TakenBy != nil {
			checkTaken(v, f, client, before, after)
			continue
		}
		if slices.Contains([]mesh.Cause{mesh.CausePortNotDeclared, mesh.CauseDeclaredTLS, mesh.CauseDeclaredOtherwise, mesh.CauseOtherAddresses,
			mesh.CauseNotExported, mesh.CauseLeftToWildcard}, f.Cause) {
			if !passesOn(after, client, f) {
				v.Wrong = append(v.Wrong, fmt.Sprintf("refused for plaintext, and %s -> %s does not pass", client, key))
			}
		} else if now, built := is.at(key); !built || now.TLS() {
			v.Wrong = append(v.Wrong, fmt.Sprintf("refused for plaintext, and %s -> %s is %s", client, key, &now))
		}
		if f.Before != mesh.Originated {
			continue
		}
		moved := decision.Input.Request.Kind != mesh.KindDestinationRule
		if was, ok := ask(v, before, client); ok && !was.hadTLS(f.Host, moved) {
			v.Wrong = append(v.Wrong, fmt.Sprintf("refused for losing TLS, and %s -> %s had none", client, key))
		}
	}
}

// passesOn reports whether a proxy passes on what a client sends to a port of a host, at an address that no object names.
func passesOn(istio *Istio, client mesh.Client, f mesh.Flow) bool {
	config, err := istio.Connections(client)
	if err != nil {
		return false
	}
	sent := []protocol.Instance{protocol.HTTP}
	switch f.Payload {
	case mesh.FamilyOpaque:
		sent = []protocol.Instance{protocol.TCP}
	case mesh.FamilyUnspecified: // any of them
		sent = append(sent, protocol.TCP)
	}
	return slices.ContainsFunc(sent, func(p protocol.Instance) bool {
		a := arrival{host: f.Host, port: f.Port, address: netip.MustParseAddr(unlisted), protocol: p}
		return slices.ContainsFunc(walkedTargets(config, a.sending()), func(e connectionEnd) bool {
			return e.place == passedOn || e.place != notTaken && e.tls == "" // as itself, or by the virtual host of a wildcard
		})
	})
}

// checkTaken sees that some connection to a host is in plaintext, by the listeners of Istio, that was under TLS, at one of
// the addresses by which the other host is held to take it.
func checkTaken(v *Verdict, f mesh.Flow, client mesh.Client, before, after *Istio) {
	was, err := before.Connections(client)
	if err != nil {
		return
	}
	is, err := after.Connections(client)
	if err != nil {
		return
	}
	at := netip.MustParseAddr(unlisted)
	if prefix, err := netip.ParsePrefix(f.TakenBy.Addresses); err == nil {
		at = prefix.Addr()
	}
	for _, p := range []protocol.Instance{protocol.HTTP, protocol.TCP} {
		a := arrival{host: f.Host, port: f.Port, address: at, protocol: p}.sending()
		if walkedTargets(was, a).underTLS() && !walkedTargets(is, a).underTLS() {
			return
		}
	}
	v.Wrong = append(v.Wrong, fmt.Sprintf("refused since %s takes %s:%d at %q from %s, which it does not", f.TakenBy.Service, f.Host, f.Port, f.TakenBy.Addresses, client))
}

// underTLS reports whether all goes under TLS.
func (e ends) underTLS() bool {
	return !slices.ContainsFunc(e, func(one connectionEnd) bool { return one.tls == "" })
}

// refusedFlows lists the flows of the checker's clients that a refusal is about, those of gateways first: see
// Clients.
func (c *ReviewChecker) refusedFlows(decision admission.Decision) []mesh.Flow {
	var list []mesh.Flow
	for _, f := range decision.Input.Egress {
		if f.HopKind == mesh.HopEgress && f.Verdict == mesh.Plaintext &&
			c.asks(f.Client.Kind) &&
			slices.ContainsFunc(decision.Violations, func(v policies.Violation) bool {
				return refusesPlaintext(v) && v.Client == f.Client.String() && v.Host == f.Host && v.Port == f.Port
			}) {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b mesh.Flow) int { return cmp.Compare(a.Client.Kind, b.Client.Kind) })
	return list
}

// hadTLS reports whether the client had TLS towards a host, in whatever cluster routes led it to: moved, if traffic for
// it may have gone to another host. Mutual TLS that Istio starts by itself towards the endpoints that have it is TLS.
func (v view) hadTLS(host string, moved bool) bool {
	for key, a := range v.answers {
		if (moved || key.Host == host) && (a.TLS() || a.Auto) {
			return true
		}
	}
	return false
}
