package mutators

import (
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// MaxCompanions is how many companions there may be in a namespace: far more than anybody declares hosts in one, and few enough that a tenant
// who writes entries without end does not fill etcd, and every proxy, by tlsward's hand.
const MaxCompanions = 1000

// HasRoom reports whether one more companion may come to those that a namespace has.
func HasRoom(snap *mesh.Snapshot, namespace string) bool {
	there := 0
	for o := range snap.ObjectsIn(namespace, mesh.KindDestinationRule) {
		if IsCompanion(o) {
			there++
		}
		if there >= MaxCompanions {
			return false
		}
	}
	return true
}

// mayHaveCompanions reports whether each host that an entry declares has its companion, or there is room for it beside the hosts of its
// namespace that have one and those that wait for one. Companions are written at a few a second, and entries come faster: counted by what is
// written alone, a thousand entries would be moved on the strength of the same room.
func mayHaveCompanions(upgrades []v1alpha1.Upgrade, snap *mesh.Snapshot, entry *mesh.Object) bool {
	taken := map[string]bool{}
	for _, host := range entry.Spec.(*networking.ServiceEntry).Hosts {
		if !strings.HasPrefix(host, "*") && !IsCompanion(snap.Get(CompanionRef(entry.Namespace, host))) {
			taken[host] = true
		}
	}
	if len(taken) == 0 {
		return true
	}
	rules := rulesIn(snap, entry.Namespace)
	for host := range rules.companions {
		taken[host] = true
	}
	if len(taken) > MaxCompanions {
		return false
	}
	for host := range hostsMovedIn(upgrades, snap, entry) {
		if !rules.cover(host) {
			taken[host] = true
		}
		if len(taken) > MaxCompanions {
			return false
		}
	}
	return true
}

// hostsMovedIn returns an iterator over the hosts, wildcards left out, that other entries of an entry's namespace declare and some port of
// which leads to where an upgrade has it lead. Whether they leave the mesh it does not ask: that costs more, and who takes too many of them for
// moved withholds a move where it takes too few of them for that lets plaintext go.
func hostsMovedIn(upgrades []v1alpha1.Upgrade, snap *mesh.Snapshot, entry *mesh.Object) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, m := range snap.Meshes() {
			for o := range m.ObjectsIn(entry.Namespace, mesh.KindServiceEntry) {
				spec, ok := o.Spec.(*networking.ServiceEntry)
				if !ok || o.Terminating || o.Ref == entry.Ref || !isOfOtherServers(spec) || len(portsMoved(upgrades, spec)) == 0 {
					continue
				}
				for _, host := range spec.Hosts {
					if !strings.HasPrefix(host, "*") && !yield(host) {
						return
					}
				}
			}
		}
	}
}

// rulesOfNamespace are the DestinationRules of a namespace, by their hosts: its companions, and people's rules beside which none is kept.
type rulesOfNamespace struct{ companions, people map[string]bool }

func rulesIn(snap *mesh.Snapshot, namespace string) rulesOfNamespace {
	rules := rulesOfNamespace{map[string]bool{}, map[string]bool{}}
	for _, m := range snap.Meshes() {
		for o := range m.ObjectsIn(namespace, mesh.KindDestinationRule) {
			spec, ok := o.Spec.(*networking.DestinationRule)
			switch {
			case !ok:
			case IsCompanion(o):
				rules.companions[spec.Host] = true
			case !o.Terminating && isForAllOf(namespace, spec):
				rules.people[spec.Host] = true
			}
		}
	}
	return rules
}

// isForAllOf reports whether all clients of its own namespace have a rule, so that no companion is kept beside it. A name without a dot is
// that of a Service.
func isForAllOf(namespace string, rule *networking.DestinationRule) bool {
	isSeen := len(rule.ExportTo) == 0 || slices.ContainsFunc(rule.ExportTo, func(to string) bool { return to == "*" || to == "." || to == namespace })
	return isSeen && rule.WorkloadSelector == nil && (rule.Host == "*" || strings.Contains(rule.Host, "."))
}

// cover reports whether a person's rule is for a host, or for a wildcard of its domains.
func (r rulesOfNamespace) cover(host string) bool {
	if r.people[host] || r.people["*"] {
		return true
	}
	_, rest, isBelow := strings.Cut(host, ".")
	for isBelow {
		if r.people["*."+rest] {
			return true
		}
		_, rest, isBelow = strings.Cut(rest, ".")
	}
	return false
}
