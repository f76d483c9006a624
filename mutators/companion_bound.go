package mutators

import (
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// MaxCompanions is how many companions there may be in a namespace: far more than anybody declares hosts in one, and few enough that a tenant
// who writes entries without end does not fill etcd, and every proxy, by tlsward's hand.
const MaxCompanions = 1000

// hasRoomFor reports whether so many companions may come to those that a namespace has.
func hasRoomFor(snap *mesh.Snapshot, namespace string, more int) bool {
	for o := range snap.ObjectsIn(namespace, mesh.KindDestinationRule) {
		if more > MaxCompanions {
			return false
		}
		if IsCompanion(o) {
			more++
		}
	}
	return more <= MaxCompanions
}

// mayHaveCompanions reports whether each host that a namespace's entry declares has its companion, or may yet get one.
func mayHaveCompanions(snap *mesh.Snapshot, namespace string, hosts []string) bool {
	missing := 0
	for _, host := range hosts {
		if !strings.HasPrefix(host, "*") && !IsCompanion(snap.Get(CompanionRef(namespace, host))) {
			missing++
		}
	}
	return missing == 0 || hasRoomFor(snap, namespace, missing)
}
