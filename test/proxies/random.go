//go:build proxies

package proxies

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/mesh"
)

// randomNamespaces are those of the generator's meshes; the last is one in which no object lies.
var randomNamespaces = []string{"default", "apps", rootNamespace, "elsewhere"}

// randomLabels are those of the clients: the generator's selectors are for them, or for nobody.
var randomLabels = []map[string]string{{"app": "curl"}, nil, {"tier": "web"}, {"app": "curl", "tier": "web"}}

// randomClient returns the namespace and labels of the client of the mesh with this number.
func randomClient(number uint64) (namespace string, labels map[string]string) {
	n := uint64(len(randomNamespaces))
	return randomNamespaces[number%n], randomLabels[number/n%uint64(len(randomLabels))]
}

// inventedAfter is the address before those that names of random meshes get.
var inventedAfter = netip.MustParseAddr("203.0.113.20")

// asked is one connection of a client, and what became of it.
type asked struct {
	connection compare.Connection
	// model and proxy are the ways that either has for it; untold is why the model cannot tell, and understood reports whether the
	// proxy's are known.
	model, proxy []way
	untold       string
	understood   bool
	// shared reports whether another host has the port too, so that the other's listener may take the connection.
	shared bool
	// seen is what arrived, by trial.
	seen [unknownAuthority + 1][]Arrival
}

// String returns the connection, what either side says of it and what was seen.
func (a *asked) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %s, sending %s\n", a.connection, a.connection.At, a.connection.Sends())
	for _, side := range []struct {
		name string
		ways []way
	}{{"the model", a.model}, {"the proxy", a.proxy}} {
		fmt.Fprintf(&b, "  %s: %d ways\n", side.name, len(side.ways))
		for _, w := range side.ways {
			fmt.Fprintf(&b, "    %s\n", w)
		}
	}
	for t, seen := range a.seen {
		for _, arrival := range seen {
			fmt.Fprintf(&b, "  on the wire, with %s: %s, host %q\n", trial(t), arrival, arrival.Host)
		}
	}
	return b.String()
}

// String names a trial.
func (t trial) String() string {
	return [...]string{"the right certificate", "another name's certificate", "an unknown authority's certificate"}[t]
}

// startsTLS reports whether the proxy starts TLS for it, by the model or by the proxy.
func (a *asked) startsTLS() bool {
	return slices.ContainsFunc(slices.Concat(a.model, a.proxy), func(w way) bool { return w.tls })
}

// agrees reports whether all that was seen is as one of the ways has it.
func (a *asked) agrees(ways []way) bool {
	for t, seen := range a.seen {
		for _, arrival := range seen {
			if !slices.ContainsFunc(ways, func(w way) bool { return w.shows(arrival, a.connection, trial(t)) }) {
				return false
			}
		}
	}
	return true
}

// verdict names what became of a connection of which the model is right.
func (a *asked) verdict() string {
	seen := a.seen[rightCertificate]
	if len(seen) == 0 {
		return "nothing leaves"
	}
	for _, w := range a.model {
		if !w.shows(seen[0], a.connection, rightCertificate) {
			continue
		}
		switch {
		case w.tls:
			return "TLS, " + w.check()
		case a.connection.Payload.TLS != nil:
			return "the application's TLS"
		case w.passed:
			return "passed on as it was written"
		}
		return "no TLS"
	}
	return ""
}

// meshRun shows one random mesh to a client.
type meshRun struct {
	world   *World
	outside *Outside
	// ofMesh signs the mesh's own identities.
	ofMesh *authority
}

// ask has a client, whose proxy is a pod's, open all connections that the mesh declares, and returns what became of them, and what
// `tlsward verify` says of the proxy.
func (r *meshRun) ask(ctx context.Context, client sender, pod *Pod, meshConfig []byte) ([]*asked, compare.Result, error) {
	snapshot, err := r.world.snapshot(ctx, meshConfig)
	if err != nil {
		return nil, compare.Result{}, err
	}
	raw, err := pod.Dump()
	if err != nil {
		return nil, compare.Result{}, err
	}
	dump, err := envoy.ReadDump(bytes.NewReader(raw))
	if err != nil {
		return nil, compare.Result{}, err
	}
	results, err := compare.Proxies(snapshot, []*envoy.Dump{dump}, compare.Facts{})
	if err != nil {
		return nil, compare.Result{}, err
	}
	all := r.list(snapshot, results[0].Proxy, dump.Config)
	for _, t := range []trial{rightCertificate, anotherName, unknownAuthority} {
		for _, a := range all {
			if t != rightCertificate && !a.startsTLS() {
				continue
			}
			if err := r.try(ctx, client, a, t); err != nil {
				return nil, compare.Result{}, err
			}
		}
	}
	return all, results[0], nil
}

// list returns the connections that a client may open, and what model and proxy say of them.
func (r *meshRun) list(s *mesh.Snapshot, proxy compare.Proxy, config *envoy.Config) []*asked {
	var all []*asked
	for _, c := range compare.Outbound(s, proxy) {
		a := &asked{connection: c, shared: isShared(s, c)}
		a.model, a.untold = r.world.modelled(s, proxy.Client, c)
		a.proxy, a.understood = r.world.walked(config, c)
		all = append(all, a)
	}
	return all
}

// try opens one connection, and notes what arrives.
func (r *meshRun) try(ctx context.Context, client sender, a *asked, t trial) error {
	if err := r.present(a, t); err != nil {
		return err
	}
	_ = client.Send(ctx, a.connection.At, a.connection.Payload) // what came of it the servers know
	time.Sleep(5 * time.Millisecond)                            // copies of requests arrive by themselves
	r.outside.hangUp()
	a.seen[t] = r.outside.Seen()
	return nil
}

// present has the servers show the certificates of a trial.
func (r *meshRun) present(a *asked, t trial) error {
	names := []string{"right.example"}
	for _, w := range a.model {
		names = append(names, w.names...)
	}
	outside, ofMesh := r.world.trusted, r.ofMesh
	switch t {
	case anotherName:
		names = []string{"another.example"}
	case unknownAuthority:
		outside, ofMesh = r.world.unknown, r.world.unknown
	}
	certificate, err := outside.issue(names...)
	if err != nil {
		return err
	}
	identity, err := ofMesh.issue(names...)
	if err != nil {
		return err
	}
	r.outside.present(certificate, identity)
	return nil
}

// isShared reports whether another host than the connection's has its port.
func isShared(s *mesh.Snapshot, c compare.Connection) bool {
	for o := range s.Objects() {
		switch spec := o.Spec.(type) {
		case *networking.ServiceEntry:
			others := slices.ContainsFunc(spec.Hosts, func(h string) bool { return !strings.EqualFold(h, c.Host) })
			if others && slices.ContainsFunc(spec.Ports, func(p *networking.ServicePort) bool { return p.GetNumber() == c.Port }) {
				return true
			}
		case *mesh.Service:
			if o.Name == "kubernetes" { // the API server's own: its listener is at its address alone
				continue
			}
			if slices.ContainsFunc(spec.Ports, func(p mesh.ServicePort) bool { return p.Number == c.Port }) {
				return true
			}
		}
	}
	return false
}
