package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
// said to have been under TLS was. is is the mesh after it.
func (c *ReviewChecker) checkRefusal(v *Verdict, before, after *Istio, is Mesh, decision admission.Decision) {
	for _, f := range c.refusedFlows(decision) {
		client := f.Client
		if client.Namespace == mesh.AnyNamespace {
			client.Namespace = emptyNamespace
		}
		now, ok := ask(v, after, client)
		if !ok {
			continue
		}
		key := Key{Host: f.Host, Port: f.Port, Subset: f.Subset}
		v.Refused++
		if f.TakenBy != nil {
			checkTaken(v, f, client, before, after, is)
			continue
		}
		if slices.Contains([]mesh.Cause{mesh.CausePortNotDeclared, mesh.CauseDeclaredTLS, mesh.CauseDeclaredOtherwise, mesh.CauseOtherAddresses,
			mesh.CauseNotExported, mesh.CauseLeftToWildcard}, f.Cause) {
			if !passesOn(after, client, f) && (closesBytes(is, f) || hasServerFirst(is, f.Port)) {
				v.Careful++
			} else if !passesOn(after, client, f) {
				v.Wrong = append(v.Wrong, fmt.Sprintf("refused for plaintext, and %s -> %s does not pass", client, key))
			}
		} else if a, built := now.at(key); !built || a.TLS() {
			v.Wrong = append(v.Wrong, fmt.Sprintf("refused for plaintext, and %s -> %s is %s", client, key, &a))
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

// closesBytes reports whether the port of a flow is for HTTP_PROXY, by the entry that the client has now: bytes that are no requests are
// closed there, and pass on as soon as it becomes one for HTTP, of which nobody is told any more. So they are refused at the first step.
func closesBytes(m Mesh, f mesh.Flow) bool {
	return f.Cause == mesh.CauseDeclaredOtherwise && f.Payload != mesh.FamilyHTTP && f.Service != nil && slices.ContainsFunc(m, func(d Document) bool {
		return d.Kind() == f.Service.Kind && d.Namespace() == f.Service.Namespace && d.Name() == f.Service.Name &&
			slices.Contains(declaredPorts(d), declaredPort{f.Port, protocol.HTTP_PROXY})
	})
}

// hasServerFirst reports whether an entry has a port for MONGO or MYSQL, which may take all that is sent to it, to nowhere too: what is
// refused leaves as soon as that entry goes, of which nobody is told any more.
func hasServerFirst(m Mesh, number uint32) bool {
	return slices.ContainsFunc(m, func(d Document) bool {
		return slices.ContainsFunc(declaredPorts(d), func(p declaredPort) bool {
			return p.number == number && (p.protocol == protocol.Mongo || p.protocol == protocol.MySQL)
		})
	})
}

// checkTaken sees that some connection to a host is not under TLS any more, by the listeners of Istio, at one of the addresses by which
// the other host is held to take it. What a port for TLS takes and wraps into TLS once more counts apart: it is in plaintext as soon as
// the rule that does so goes, of which nobody is told any more.
func checkTaken(v *Verdict, f mesh.Flow, client mesh.Client, before, after *Istio, m Mesh) {
	was, err := before.Connections(client)
	if err != nil {
		return
	}
	is, err := after.Connections(client)
	if err != nil {
		return
	}
	wrapped := false
	for _, at := range takenAt(f, m) {
		for _, p := range []protocol.Instance{protocol.HTTP, protocol.TCP} {
			a := arrival{host: f.Host, port: f.Port, address: at, protocol: p}.sending()
			then, now := walkedTargets(was, a), walkedTargets(is, a)
			switch {
			case then.endInProxy() && now.leaveInPlaintext(): // a route kept it from leaving, as the model has it, under TLS
				return
			case !then.underTLS():
				continue
			case !now.underTLS():
				return
			}
			wrapped = wrapped || mesh.FamilyOf(f.TakenBy.Protocol) == mesh.FamilyTLS
		}
	}
	if wrapped || hasNoEndpoints(m, f.Host) {
		v.Careful++
		return
	}
	v.Wrong = append(v.Wrong, fmt.Sprintf("refused since %s takes %s:%d at %q from %s, which it does not", f.TakenBy.Service, f.Host, f.Port, f.TakenBy.Addresses, client))
}

// hasNoEndpoints reports whether an entry has DYNAMIC_DNS for this very host, which Istio's own webhook does not admit: the cluster has no
// endpoints, so that nothing leaves, where the model has the TLS of its rule.
func hasNoEndpoints(m Mesh, host string) bool {
	return !strings.HasPrefix(host, "*") && slices.ContainsFunc(m, func(d Document) bool {
		return d.Spec()["resolution"] == "DYNAMIC_DNS" && slices.Contains(declaredHosts(d), host)
	})
}

// takenAt returns the addresses at which connections of a flow are taken: one of those by which they are or, where all are, one of
// nobody's and all that the mesh gives to hosts.
func takenAt(f mesh.Flow, m Mesh) []netip.Addr {
	if prefix, err := netip.ParsePrefix(f.TakenBy.Addresses); err == nil {
		return []netip.Addr{prefix.Addr()}
	}
	list := []netip.Addr{netip.MustParseAddr(unlisted)}
	for _, d := range m {
		addresses(d, func(a netip.Addr, _ string) { list = append(list, a) })
	}
	return list
}

// underTLS reports whether all goes under TLS.
func (e ends) underTLS() bool {
	return !slices.ContainsFunc(e, func(one connectionEnd) bool { return one.tls == "" })
}

// endInProxy reports whether nothing leaves.
func (e ends) endInProxy() bool {
	return !slices.ContainsFunc(e, func(one connectionEnd) bool { return one.place != notTaken })
}

// leaveInPlaintext reports whether some leaves, and not under TLS.
func (e ends) leaveInPlaintext() bool {
	return slices.ContainsFunc(e, func(one connectionEnd) bool { return one.place != notTaken && one.tls == "" })
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
