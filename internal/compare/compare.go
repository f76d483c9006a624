package compare

import (
	"slices"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// Result is what came of one proxy.
type Result struct {
	Proxy Proxy
	// Compared counts the connections of which both sides were asked and told.
	Compared int
	// Untold are connections of which the model cannot tell where they end: they are not compared.
	Untold []Untold
	// Differences are those of which the two sides tell differently, or of which the configuration cannot be understood.
	Differences []Difference
	// Unread is what of the configuration could not be read: what the two sides agree on holds only without it.
	Unread []string
	// Unreached is why the proxy could not be asked at all; nil where it was.
	Unreached error
}

// Unreached is the result of a pod whose proxy could not be asked.
func Unreached(namespace, pod string, err error) Result {
	return Result{Proxy: Proxy{Client: mesh.Client{Kind: "pod", Namespace: namespace}, Name: namespace + "/" + pod}, Unreached: err}
}

// Agreed counts the connections of which both sides tell the same.
func (r Result) Agreed() int { return r.Compared - len(r.Differences) }

// Untold is a connection of which the model cannot tell where it ends, and why.
type Untold struct {
	Connection Connection
	Why        string
}

// Difference is a connection of which the model and the proxy tell differently.
type Difference struct {
	Connection Connection
	// Model and Proxy are where it ends, by either.
	Model, Proxy []string
	// Way is what of the proxy's configuration takes it.
	Way string
	// Unknown reports whether something on the way is not understood, so that nobody knows where it ends.
	Unknown bool
	// Causes are what may be the reason, the likeliest first.
	Causes []Cause

	// clusters are those at which it ends by either side: on a port that several hosts have, another host's too.
	clusters []clusterKey
}

// Proxies holds the model of a mesh against proxies, each by its dump.
//
// A sidecar is asked about what its pod may send to the hosts outside the mesh, a waypoint about the hosts for which it stands, a
// gateway about what may come to the ports of its servers.
func Proxies(s *mesh.Snapshot, dumps []*envoy.Dump, known Facts) ([]Result, error) {
	var all []Result
	for _, d := range dumps {
		p, err := ProxyOf(d)
		if err != nil {
			return nil, err
		}
		if p.Pushed.After(known.newestPush) {
			known.newestPush, known.newestProxy = p.Pushed, p.String()
		}
		all = append(all, Result{Proxy: p})
	}
	for i, d := range dumps {
		r := &all[i]
		for _, u := range d.Unread {
			r.Unread = append(r.Unread, u.String())
		}
		s := withAllocated(s, r.Proxy, d.Config)
		for _, c := range ask(s, r.Proxy) {
			model, untold := modelled(s, r.Proxy.Client, c)
			if untold != "" {
				r.Untold = append(r.Untold, Untold{Connection: c, Why: untold})
				continue
			}
			r.Compared++
			if diff, differs := differ(c, model, d.Config); differs {
				diff.Causes = known.causes(s, r.Proxy, d, diff)
				r.Differences = append(r.Differences, diff)
			}
		}
	}
	return all, nil
}

// ask lists the connections that a proxy is asked about.
func ask(s *mesh.Snapshot, p Proxy) []Connection {
	if p.Client.Kind == mesh.ClientGateway {
		return AtGateway(s, p.Client)
	}
	return Outbound(s, p)
}

// differ walks a connection, and returns how it ends otherwise than the model says.
func differ(c Connection, model []answer, config *envoy.Config) (diff Difference, differs bool) {
	var walked []end
	way := ""
	for _, o := range config.Walk(c.AtProxy()) {
		walked = append(walked, walkedEnd(o, c))
		if len(o.Path) > 0 && (way == "" || o.End == envoy.EndUpstream) {
			way = o.Path[len(o.Path)-1].String()
		}
	}
	walked = leaving(walked)
	if agree(model, walked) {
		return Difference{}, false
	}
	var said []end
	for _, a := range model {
		said = append(said, a[0])
	}
	return Difference{
		Connection: c, Model: lines(said), Proxy: lines(walked), Way: way, clusters: clustersOf(slices.Concat(said, walked)),
		Unknown: slices.ContainsFunc(walked, func(e end) bool { return e.unknown != "" }),
	}, true
}

// agree reports whether each walked end is one that the model has, and each of the model's destinations is walked to.
func agree(model []answer, walked []end) bool {
	among := func(a answer, w end) bool {
		return slices.ContainsFunc(a, func(e end) bool { return e.matches(w) })
	}
	for _, w := range walked {
		if !slices.ContainsFunc(model, func(a answer) bool { return among(a, w) }) {
			return false
		}
	}
	for _, a := range model {
		if !slices.ContainsFunc(walked, func(w end) bool { return among(a, w) }) {
			return false
		}
	}
	return true
}
