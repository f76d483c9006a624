package mesh

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// egressIndex is what a Sidecar with one egress listener for all ports imports, for whoever asks about many hosts. Namespace
// "." is the client's. nil imports everything.
type egressIndex struct{ included, excluded map[string]*hostSet }

// newEgressIndex returns the index of a Sidecar; ok is false for one whose listeners are for a port, or several,
// or do not take what iptables redirect.
func (v Version) newEgressIndex(o *Object) (x *egressIndex, ok bool) {
	if o == nil || len(sidecarSpec(o).Egress) == 0 {
		return nil, true
	}
	listeners := sidecarSpec(o).Egress
	if len(listeners) > 1 || listeners[0] == nil || listeners[0].Port != nil || listeners[0].Bind != "" ||
		listeners[0].CaptureMode == networking.CaptureMode_NONE {
		return nil, false
	}
	x = &egressIndex{included: map[string]*hostSet{}, excluded: map[string]*hostSet{}}
	for _, entry := range v.egressHosts(listeners[0].Hosts) {
		namespace, pattern, excluded, ok := parseEgressHost(entry, AnyNamespace)
		if !ok {
			continue
		}
		sets := x.included
		if excluded {
			sets = x.excluded
		}
		if sets[namespace] == nil {
			sets[namespace] = &hostSet{exact: map[string]bool{}, suffixes: map[string]bool{}}
		}
		sets[namespace].add(pattern)
	}
	return x, true
}

// imports reports whether a host of a namespace is imported: importsHost. own is true for the client's own namespace.
func (x *egressIndex) imports(namespace, hostname string, own bool) bool {
	if x == nil {
		return true
	}
	covered := func(sets map[string]*hostSet) bool {
		return sets["*"].covers(hostname) || sets[namespace].covers(hostname) || own && sets["."].covers(hostname)
	}
	return covered(x.included) && !covered(x.excluded)
}

// hostSet is a set of hosts, wildcards among them by what follows their "*".
type hostSet struct{ exact, suffixes map[string]bool }

func newHostSet() *hostSet { return &hostSet{exact: map[string]bool{}, suffixes: map[string]bool{}} }

func (s *hostSet) add(pattern string) {
	if host.IsWildcard(pattern) {
		s.suffixes[pattern[1:]] = true
	} else {
		s.exact[pattern] = true
	}
}

// covers reports whether any host of the set covers a host: host.Covers. A nil set covers none.
func (s *hostSet) covers(hostname string) bool {
	switch {
	case s == nil:
		return false
	case s.exact[hostname], s.suffixes[""]:
		return true
	case len(s.suffixes) == 0:
		return false
	}
	rest := strings.TrimPrefix(hostname, "*")
	for i := range rest {
		if s.suffixes[rest[i:]] {
			return true
		}
	}
	return false
}
