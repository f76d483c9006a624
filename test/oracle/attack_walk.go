package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// Loss is a connection that was under TLS with its server's name checked, and is no longer.
type Loss struct {
	Client mesh.Client
	to     arrival
	How    LossKind
	// Cluster is where it goes now.
	Cluster string
	// Was and Is are the names that were checked, and that are.
	Was, Is string
	// ThroughGateway reports whether it left by the egress gateway.
	ThroughGateway bool
	// By is the write that made it; Stored is its object as it is stored after that, nil after a DELETE.
	By     Write
	Stored Document
	// Why is why it counts apart, "" where it does not.
	Why string
}

// LossKind is how a connection goes that was under TLS with its server's name checked.
type LossKind string

// The kinds of losses.
const (
	lostTLS     LossKind = "in plaintext"
	lostCheck   LossKind = "unchecked"
	anotherName LossKind = "checked as another"
)

// String returns the loss on one line.
func (l Loss) String() string {
	s := l.connection() + ": " + string(l.How)
	if l.How == anotherName {
		s += fmt.Sprintf(" (%s, was %s)", l.Is, l.Was)
	}
	return s + " to " + l.Cluster
}

// connection returns who connected to what.
func (l Loss) connection() string {
	return fmt.Sprintf("%s -> %s:%d at %s (%s)", l.Client, l.to.host, l.to.port, l.to.address, l.to.family)
}

// resolved lists the connections that clients open by what a name resolves to: its own VIP, an endpoint, or an address
// that DNS alone knows. To a port for bytes they send requests, too.
func resolved(m Mesh) []arrival {
	all := slices.DeleteFunc(arrivals(m), func(a arrival) bool { return a.whose == anothers })
	for _, a := range all {
		if a.family == opaqueBytes {
			all = append(all, a.sendingRequests())
		}
	}
	return all
}

// attackedClients are the clients whose connections are walked.
func attackedClients() []mesh.Client {
	var clients []mesh.Client
	for _, namespace := range []string{victimNamespace, "shop", emptyNamespace, tenantNamespace} {
		clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace, Labels: map[string]string{"app": "curl"}})
	}
	return clients
}

// walk is one connection of one client, and how it ends.
type walk struct {
	client   mesh.Client
	to       arrival
	payload  envoy.Payload
	outcomes []envoy.Outcome
	// gateway reports whether it goes by the egress gateway.
	gateway bool
	// unknown reports whether Istio has no answer for the client.
	unknown bool
}

// walked are all connections of all clients of a mesh, always in the same order.
type walked []walk

// walkAll walks all connections of all clients, through the egress gateway where they lead there.
func walkAll(istio *Istio, all []arrival) (*walked, error) {
	through, err := newWalker(istio)
	if err != nil && !errors.Is(err, errCrashed) {
		return nil, err
	}
	gateway := err == nil
	var list walked
	for _, client := range attackedClients() {
		config, _, err := through.proxy(client)
		if err != nil && !errors.Is(err, errCrashed) {
			return nil, err
		}
		known := gateway && err == nil
		for _, a := range all {
			for _, p := range a.payloads {
				w := walk{client: client, to: a, payload: p, unknown: !known}
				if known {
					outcomes := config.Walk(a.connection(p))
					w.gateway = slices.ContainsFunc(outcomes, isAtGateway)
					w.outcomes = through.ends(outcomes, p)
				}
				list = append(list, w)
			}
		}
	}
	return &list, nil
}

// ends returns the outcomes with those that the egress gateway takes replaced by how they end there.
func (w *walker) ends(outcomes []envoy.Outcome, p envoy.Payload) []envoy.Outcome {
	var all []envoy.Outcome
	for _, o := range outcomes {
		if !isAtGateway(o) {
			all = append(all, o)
			continue
		}
		next, _ := w.beyond(o, p)
		all = append(all, slices.DeleteFunc(next, isAtGateway)...)
	}
	return all
}

// differ reports whether any connection ends elsewhere than in other, or otherwise.
func (w *walked) differ(other *walked) bool {
	return !slices.EqualFunc(*w, *other, func(a, b walk) bool { return a.signature() == b.signature() })
}

// signature returns where a connection ends, and under which TLS.
func (w walk) signature() string {
	var parts []string
	for _, o := range w.outcomes {
		parts = append(parts, fmt.Sprint(o.End, o.Cluster(), o.Authority, walkedTLS(o), o.Endpoints))
	}
	return strings.Join(parts, "\n")
}

// losses lists the connections that were under checked TLS before and are not now.
func (w *walked) losses(before *walked) []Loss {
	var list []Loss
	for i, now := range *w {
		old := (*before)[i]
		if now.unknown || !old.isUnderTLS() {
			continue
		}
		l := Loss{Client: now.client, to: now.to, Was: checkedNames(old), Is: checkedNames(now), ThroughGateway: old.gateway}
		l.How, l.Cluster = worst(now.outcomes)
		if l.How == "" && l.Is != l.Was && l.Is != "" {
			l.How, l.Cluster = anotherName, leavingBy(now.outcomes)
		}
		if l.How != "" {
			list = append(list, l)
		}
	}
	return list
}

// isUnderTLS reports whether a connection leaves under TLS that a proxy starts, with the server's name checked.
func (w walk) isUnderTLS() bool {
	if w.unknown || !leaves(w.outcomes) || w.to.family == "TLS" {
		return false // or the TLS is the application's own
	}
	how, _ := worst(w.outcomes)
	return how == ""
}

// leaves reports whether any of a connection's ways leads out.
func leaves(outcomes []envoy.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o envoy.Outcome) bool { return o.End == envoy.EndUpstream })
}

// leavingBy returns the cluster by which a connection leaves: mirrors that lead nowhere may come before it.
func leavingBy(outcomes []envoy.Outcome) string {
	i := slices.IndexFunc(outcomes, func(o envoy.Outcome) bool { return o.End == envoy.EndUpstream })
	return outcomes[max(i, 0)].Cluster()
}

// worst returns how, and by which cluster, a connection leaves in plaintext or unchecked; "" where it does not.
func worst(outcomes []envoy.Outcome) (how LossKind, cluster string) {
	for _, o := range outcomes {
		switch {
		case o.End != envoy.EndUpstream:
		case o.TLS == nil:
			return lostTLS, o.Cluster()
		case how == "" && (o.TLS.Insecure || len(o.TLS.Names) == 0 && o.TLS.AutoName == nil):
			how, cluster = lostCheck, o.Cluster()
		}
	}
	return how, cluster
}

// checkedNames returns the names that are checked where a connection leaves.
func checkedNames(w walk) string {
	var names []string
	for _, o := range w.outcomes {
		if o.End != envoy.EndUpstream || o.TLS == nil {
			continue
		}
		for _, n := range o.TLS.Names {
			names = append(names, n.String())
		}
		if o.TLS.AutoName != nil && w.payload.HTTP != nil {
			names = append(names, o.Authority)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
