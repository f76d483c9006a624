package mesh

import (
	"fmt"
	"maps"
	"slices"
)

// ClientGroup are pods of several namespaces that fare alike with one host.
type ClientGroup struct {
	// Client is one of them.
	Client Client
	// Namespaces are those of the pods, ascending. It is nil where Client is of AnyNamespace: these are of every namespace that no
	// other group names.
	Namespaces []string
}

// ExternalHosts returns the hosts that anything of the mesh declares and that may lie outside it, in a stable order.
func (s *Snapshot) ExternalHosts() []string {
	return slices.DeleteFunc(s.Hosts("*"), func(host string) bool { return !s.isExternal(host) })
}

// Namespaces returns the namespaces of all objects and those that have a Namespace, ascending; those that are being deleted are
// left out.
func (s *Snapshot) Namespaces() []string {
	names := map[string]bool{}
	for o := range s.Objects() {
		if n := o.InNamespace(); n != "" && !names[n] {
			names[n] = true
		}
	}
	maps.DeleteFunc(names, func(n string, _ bool) bool { return s.IsTerminating(n) })
	return slices.Sorted(maps.Keys(names))
}

// ClientGroups returns the clients of host by what they get, with the namespaces, of those that are given, in which there are
// such pods. It tells those of Clients apart, and beside them the namespaces for which Clients has one that stands for all: with
// Sidecars of their own, and ambient ones.
func (s *Snapshot) ClientGroups(host string, namespaces []string) []ClientGroup {
	g := clientGroups{mesh: s, host: host, index: map[string]int{}}
	own := map[string]bool{}
	for _, c := range s.Clients(host) {
		if c.Kind == ClientSidecar && c.Namespace != AnyNamespace {
			own[c.Namespace] = true
		}
		if c.Kind != ClientZtunnel { // those of all ambient namespaces are below
			g.add(c, c.String(), namespacesOfClient(c))
		}
	}
	for _, n := range namespaces {
		if !own[n] {
			g.addNamespace(n)
		}
	}
	return g.list
}

// namespacesOfClient returns the namespace of a sidecar's pods: those behind a waypoint are of any ambient namespace.
func namespacesOfClient(c Client) []string {
	if c.Kind != ClientSidecar || c.Namespace == AnyNamespace {
		return nil
	}
	return []string{c.Namespace}
}

// clientGroups collects the groups of one host.
type clientGroups struct {
	mesh  *Snapshot
	host  string
	list  []ClientGroup
	index map[string]int // of a group in list, by what its clients have in common
}

func (g *clientGroups) add(c Client, key string, namespaces []string) {
	i, known := g.index[key]
	if !known {
		i = len(g.list)
		g.index[key], g.list = i, append(g.list, ClientGroup{Client: c})
	}
	g.list[i].Namespaces = append(g.list[i].Namespaces, namespaces...)
}

// addNamespace adds the clients of a namespace that no object singles out for the host.
func (g *clientGroups) addNamespace(name string) {
	if g.mesh.isAmbient(name) {
		if c := g.mesh.ClientOf(name, nil, g.host); c.Kind == ClientWaypoint {
			g.add(c, c.String(), []string{name})
		} else {
			g.add(c, g.ambientKey(name), []string{name})
		}
		return
	}
	if !g.mesh.hasSidecar(name) {
		return // they are of AnyNamespace
	}
	for _, c := range g.mesh.clientsIn(name, g.host) {
		g.add(c, g.sidecarKey(c), []string{name})
	}
}

// ambientKey returns a string that is equal for ambient namespaces whose ztunnels have the same service for the host.
func (g *clientGroups) ambientKey(name string) string {
	if svc := g.mesh.ambientService(name, g.host); svc != nil {
		return "ztunnel\x00" + svc.ref.String()
	}
	return "ztunnel"
}

// sidecarKey returns a string that is equal for clients with a Sidecar that get the same service of the host and the same routes for
// it. Clients that do not have it are of the wildcard over it that they have, or what they send is passed on or not.
func (g *clientGroups) sidecarKey(c Client) string {
	view, sees := g.mesh.clientConfigKey(c, g.host)
	if sees {
		return "sees\x00" + view + "\x00" + labelsKey(c.Labels)
	}
	key := fmt.Sprintf("passes\x00%t\x00%s", g.mesh.PassesOn(c), labelsKey(c.Labels))
	for i := range len(g.host) {
		if wildcard := "*" + g.host[i:]; len(g.mesh.services.At(wildcard)) > 0 {
			view, _ := g.mesh.clientConfigKey(c, wildcard)
			key += "\x00" + view
		}
	}
	return key
}

// hasSidecar reports whether a namespace has a Sidecar of its own.
func (s *Snapshot) hasSidecar(namespace string) bool {
	for range s.objects.Prefix(KindSidecar + "\x00" + namespace + "\x00") {
		return true
	}
	return false
}

// IsExternal reports whether what is sent to a host may leave the mesh.
func (s *Snapshot) IsExternal(host string) bool { return s.isExternal(host) }
