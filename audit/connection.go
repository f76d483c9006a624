package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// State is what an observer of the wire sees of a connection that leaves the mesh, and what its client knows of the server.
type State string

// The states, the worst first.
const (
	// Plaintext: whoever is on the way reads it.
	Plaintext State = "plaintext"
	// Unchecked: under TLS of a proxy that does not check the host's name: it takes any server which a known CA has signed, or by a rule
	// for several hosts that of another one.
	Unchecked State = "unchecked"
	// Undeclared: this client does not see what declares the host, and its proxy passes on what the application writes.
	Undeclared State = "undeclared"
	// Doubled: TLS of a proxy around that of the application, which a server does not expect.
	Doubled State = "double-tls"
	// Unknown: the mesh has no answer.
	Unknown State = "unknown"
	// ByApplication: the application starts TLS; what it checks nobody sees.
	ByApplication State = "application-tls"
	// Checked: under TLS of a proxy that checks the server's name.
	Checked State = "checked"
	// Closed: nothing leaves.
	Closed State = "closed"
)

// States returns all states, the worst first.
func States() []State {
	return []State{Plaintext, Unchecked, Undeclared, Doubled, Unknown, ByApplication, Checked, Closed}
}

// severity returns a sort key: the worst state has the lowest.
func (s State) severity() int { return slices.Index(States(), s) }

// Bad reports whether somebody should do something about it.
func (s State) Bad() bool { return s == Plaintext || s == Unchecked || s == Doubled }

// Connection is what pods that fare alike send to one port of one host outside.
type Connection struct {
	Client mesh.Client
	// Namespaces are those of the pods; nil for all that no other connection to the port names. Reach is how many they are today.
	Namespaces []string
	Reach      int
	Host       string
	Port       uint32
	State      State
	// Gateway is the egress gateway by which it leaves; "" for none.
	Gateway string
	// Exempt says until when and why an exemption lets it be as it is; "" for none.
	Exempt string
	Path   mesh.Path
}

// DecidedBy returns the object and field that decided the TLS with which it leaves; "" where none did.
func (c Connection) DecidedBy() string {
	if n := len(c.Path.Hops); n > 0 && c.Path.Hops[n-1].DecidedBy != nil {
		return c.Path.Hops[n-1].DecidedBy.String()
	}
	return ""
}

// Bad reports whether somebody should do something about it now.
func (c Connection) Bad() bool { return c.State.Bad() && c.Exempt == "" }

// Connections returns what each client sends to each external host and port, in the order of the hosts. A client for which the
// port of a host does not exist, as others declare it, is left out.
func Connections(ctx context.Context, snap *mesh.Snapshot, exemptions []v1alpha1.ExemptionSpec) ([]Connection, error) {
	p := posture{mesh: snap, namespaces: snap.Namespaces(), exemptions: exemptions, now: time.Now()}
	var all []Connection
	for _, host := range snap.ExternalHosts() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all = append(all, p.toHost(host)...)
	}
	return all, nil
}

// posture is the work of Connections.
type posture struct {
	mesh       *mesh.Snapshot
	namespaces []string
	exemptions []v1alpha1.ExemptionSpec
	now        time.Time
}

func (p posture) toHost(host string) []Connection {
	groups := p.mesh.ClientGroups(host, p.namespaces)
	rest := p.unnamed(groups)
	var list []Connection
	for _, port := range p.mesh.Ports(host) {
		for _, g := range groups {
			path := p.mesh.Resolve(g.Client, host, port)
			c := Connection{Client: g.Client, Namespaces: g.Namespaces, Host: host, Port: port, Path: path, State: p.state(g.Client, path)}
			if c.Reach = len(c.Namespaces); c.Client.Namespace == mesh.AnyNamespace {
				c.Reach = rest
			}
			if len(path.Hops) > 1 && c.State != Closed {
				c.Gateway = strings.TrimPrefix(path.Hops[0].To, "gateway ")
			}
			if c.State.Bad() {
				c.Exempt = p.exempt(c)
			}
			list = append(list, c)
		}
	}
	return list
}

// unnamed returns how many namespaces there are that no group names.
func (p posture) unnamed(groups []mesh.ClientGroup) int {
	named := map[string]bool{}
	for _, g := range groups {
		for _, n := range g.Namespaces {
			named[n] = true
		}
	}
	return len(p.namespaces) - len(named)
}

// state returns the state of a path.
func (p posture) state(client mesh.Client, path mesh.Path) State {
	switch path.Verdict {
	case mesh.Plaintext:
		return Plaintext
	case mesh.DoubleTLS:
		return Doubled
	case mesh.ApplicationTLS:
		return ByApplication
	case mesh.Originated:
		if last := path.Hops[len(path.Hops)-1]; last.Verified && last.BorrowedName == "" {
			return Checked
		}
		return Unchecked
	}
	switch {
	case path.Cause == mesh.CauseNoDestination, path.Cause == mesh.CauseNoCluster, path.Cause == mesh.CauseNone:
		return Closed // routes end it in the proxy, or lead to a service inside
	case path.Cause != mesh.CausePassthrough && path.Cause != mesh.CauseUnknownHost && path.Cause != mesh.CausePortNotDeclared:
		return Unknown
	case p.mesh.PassesOn(client):
		return Undeclared
	}
	return Closed
}

// letBy returns the policies an exemption from which lets a connection be as it is.
func (c Connection) letBy() []string {
	switch c.State {
	case Plaintext:
		return []string{"plaintext-egress", "tls-pending", "opaque-tcp"}
	case Unchecked:
		if c.Path.Hops[len(c.Path.Hops)-1].BorrowedName != "" {
			return []string{"sni-mismatch"}
		}
		return []string{"unverified-server"}
	case Doubled:
		return []string{"double-tls"}
	}
	return nil
}

// exempt returns which exemption covers a connection as a whole, "" for none: its host, and all of its namespaces.
func (p posture) exempt(c Connection) string {
	for _, x := range p.exemptions {
		if slices.Contains(c.letBy(), x.Policy) && !x.Expires.Over(p.now) && x.CoversHost(c.Host) && coversAll(x, c.Namespaces) {
			return x.Note()
		}
	}
	return ""
}

func coversAll(x v1alpha1.ExemptionSpec, namespaces []string) bool {
	if len(x.Namespaces) == 0 {
		return true
	}
	for _, n := range namespaces {
		if !slices.Contains(x.Namespaces, n) {
			return false
		}
	}
	return len(namespaces) > 0
}

// WorstConnectionsFirst sorts connections: those that nobody exempted before others, the worst state first, then by how many
// namespaces they are of, then by host, port and client.
func WorstConnectionsFirst(list []Connection) {
	slices.SortStableFunc(list, func(a, b Connection) int {
		return cmp.Or(compareBool(b.Bad(), a.Bad()), cmp.Compare(a.State.severity(), b.State.severity()), cmp.Compare(b.Reach, a.Reach),
			cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Client.String(), b.Client.String()))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
