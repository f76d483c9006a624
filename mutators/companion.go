package mutators

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

const (
	// CompanionLabel is on the DestinationRules that tlsward keeps. Without it, one belongs to whoever took it away.
	CompanionLabel = "tlsward.io/companion"
	companionValue = "true"
	// CompanionManager is the field manager that applies them.
	CompanionManager = "tlsward-companions"
	// NoRoom is why a host gets none where its namespace has as many as it may have: it may get one later.
	NoRoom = "its namespace has as many already as are kept in one"
	// maxName is how long the name of an object may be (RFC 1123, as k8s.io/apimachinery/pkg/util/validation has it).
	maxName = 253
)

// Companion is a DestinationRule that tlsward keeps, for clients of a host that no rule covers.
type Companion struct {
	// Object is the rule as JSON, without owners.
	Object []byte
	// Rule is the same as the mesh reads it.
	Rule *mesh.Object
	// Owners are the ServiceEntries that it is kept for, which Rule names, too: it goes with them.
	Owners []mesh.Ref

	ports []uint32 // for which it starts TLS
}

// CompanionRef returns the name of the companion for a host that a namespace declares: with a hash for one that is no name of an object,
// as one with capitals, and for one that is itself like a hash, so that no two have one name.
func CompanionRef(namespace, host string) mesh.Ref {
	name := "tlsward-" + host
	if len(name) > maxName || !isSubdomain(host) || isHash(host) {
		sum := sha256.Sum256([]byte(host))
		name = "tlsward-" + hex.EncodeToString(sum[:])
	}
	return mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: namespace, Name: name}
}

// isSubdomain reports whether a host may be the name of an object (RFC 1123, as k8s.io/apimachinery/pkg/util/validation has it).
func isSubdomain(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// isHash reports whether a host is written as the hash of one is.
func isHash(host string) bool {
	return len(host) == 2*sha256.Size && strings.Trim(host, "0123456789abcdef") == ""
}

// IsCompanion reports whether an object is a companion as far as it says so itself: it has the label, the name that belongs to its host,
// ServiceEntries that own it, and is applied by tlsward. Anybody may write that; see isKept.
func IsCompanion(o *mesh.Object) bool {
	if o == nil || o.Labels[CompanionLabel] != companionValue || o.Owned == nil || !slices.Contains(o.Owned.Appliers, CompanionManager) {
		return false
	}
	rule, ok := o.Spec.(*networking.DestinationRule)
	return ok && o.Ref == CompanionRef(o.Namespace, rule.Host)
}

// isKept reports whether a rule is a companion that is as tlsward writes it for the entries of a mesh, of which one owns it. What only
// looks like one is somebody's rule, and is judged as it stands.
func isKept(cfg v1alpha1.Mutation, snap *mesh.Snapshot, there *mesh.Object) (bool, error) {
	if !IsCompanion(there) {
		return false, nil
	}
	host := there.Spec.(*networking.DestinationRule).Host
	owns := func(o *mesh.Object) bool {
		return slices.Contains(there.Owned.Entries, mesh.Owner{Name: o.Name, UID: o.UID})
	}
	if !slices.ContainsFunc(snap.Meshes(), func(m *mesh.Snapshot) bool { return slices.ContainsFunc(m.EntriesFor(host, there.Namespace), owns) }) {
		return false, nil
	}
	c, err := companionOf(cfg, snap, there.Ref, host)
	return err == nil && c != nil && reflect.DeepEqual(c.Rule.Spec, there.Spec), err
}

// CompanionFor returns the companion that a host of a namespace's ServiceEntries should have in the mesh, whether or not it is
// there; nil where none should be:
//
//  1. none of the entries' ports is one of HTTP that was moved to where the server speaks TLS;
//  2. every client has a rule, or would not get this one;
//  3. some client has a person's rule that this one would hide, or be merged with: its author decides;
//  4. for some client of any control plane it would start TLS towards a port that is not one where an upgrade leads, since entries
//     differ; or its name is that of somebody's rule, or its namespace has MaxCompanions already. Why says so: nobody else tells;
//  5. the host is exempt, a wildcard, or nothing says which TLS it should have.
func CompanionFor(cfg v1alpha1.Mutation, exempt Exempt, snap *mesh.Snapshot, namespace, host string) (c *Companion, why string, err error) {
	ref := CompanionRef(namespace, host)
	if strings.HasPrefix(host, "*") || !cfg.KeepsCompanions() || exempt.covers(namespace, host) {
		return nil, "", nil
	}
	c, err = companionOf(cfg, snap, ref, host)
	if c == nil || err != nil {
		return nil, "", err
	}
	there := snap.Get(ref)
	if there != nil && !IsCompanion(there) {
		return nil, "its name is that of a rule that somebody else wrote", nil
	}
	helps, why := c.helps(cfg.Upgrades, snap.Without(ref), host)
	if !helps {
		return nil, why, nil
	}
	if there == nil && !HasRoom(snap, namespace) {
		return nil, NoRoom, nil
	}
	return c, "", nil
}

// companionOf returns the rule for the entries of its namespace that declare a host and of which ports were moved, whichever control
// plane reads them; nil where there is none, or nothing says which TLS the host should have.
func companionOf(cfg v1alpha1.Mutation, snap *mesh.Snapshot, ref mesh.Ref, host string) (*Companion, error) {
	var entries []*mesh.Object
	var numbers []uint32
	for _, m := range snap.Meshes() {
		for _, o := range m.EntriesFor(host, ref.Namespace) {
			moved := movedPorts(cfg.Upgrades, m, o)
			numbers = append(numbers, moved...)
			if len(moved) > 0 && !slices.ContainsFunc(entries, func(known *mesh.Object) bool { return known.Ref == o.Ref }) {
				entries = append(entries, o)
			}
		}
	}
	tls := originationFor(cfg.Origination, host)
	if tls == nil || len(entries) == 0 {
		return nil, nil
	}
	slices.Sort(numbers)
	return newCompanion(slices.Compact(numbers), ref, host, tls, entries)
}

// movedPorts returns the numbers of an entry's ports that lead to where an upgrade has them lead.
func movedPorts(upgrades []v1alpha1.Upgrade, snap *mesh.Snapshot, o *mesh.Object) []uint32 {
	if !mayBeMoved(snap, o) {
		return nil
	}
	return portsMoved(upgrades, o.Spec.(*networking.ServiceEntry))
}

// portsMoved returns the same by the ports alone, for an entry that may be moved.
func portsMoved(upgrades []v1alpha1.Upgrade, entry *networking.ServiceEntry) []uint32 {
	var numbers []uint32
	for _, p := range entry.Ports {
		if p != nil && mesh.FamilyOf(p.Protocol) == mesh.FamilyHTTP && !endpointNamesPort(entry, p.Name) &&
			slices.Contains(upgrades, v1alpha1.Upgrade{Port: p.Number, TargetPort: p.TargetPort}) {
			numbers = append(numbers, p.Number)
		}
	}
	return numbers
}

// newCompanion returns the rule for ports of entries, exported as far as the entries are.
func newCompanion(numbers []uint32, ref mesh.Ref, host string, tls map[string]any, entries []*mesh.Object) (*Companion, error) {
	c := &Companion{ports: numbers}
	var exportTo []string
	for _, o := range entries {
		c.Owners = append(c.Owners, o.Ref)
		to := o.Spec.(*networking.ServiceEntry).ExportTo
		if len(to) == 0 {
			to = []string{"*"}
		}
		exportTo = append(exportTo, to...)
	}
	slices.Sort(exportTo)
	if slices.Contains(exportTo, "*") {
		exportTo = []string{"*"}
	}
	var ports []any
	for _, number := range numbers {
		ports = append(ports, map[string]any{"port": map[string]any{"number": number}, "tls": tls})
	}
	var err error
	if c.Object, err = json.Marshal(map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": ref.Kind,
		"metadata": map[string]any{"name": ref.Name, "namespace": ref.Namespace, "labels": map[string]any{CompanionLabel: companionValue}},
		"spec":     map[string]any{"host": host, "exportTo": slices.Compact(exportTo), "trafficPolicy": map[string]any{"portLevelSettings": ports}},
	}); err != nil {
		return nil, err
	}
	if c.Rule, err = mesh.Decode(c.Object); err != nil {
		return nil, err
	}
	c.Rule.Owned = &mesh.Owned{Appliers: []string{CompanionManager}}
	for _, o := range entries {
		c.Rule.Owned.Entries = append(c.Rule.Owned.Entries, mesh.Owner{Name: o.Name, UID: o.UID})
	}
	return c, nil
}

// helps reports whether some client of a host that had no rule gets one by the companion, and none that had one sees it changed: the
// clients of every control plane, each in its own mesh. Why says for whom it would be wrong.
func (c *Companion) helps(upgrades []v1alpha1.Upgrade, before *mesh.Snapshot, host string) (helped bool, why string) {
	without, with := before.Meshes(), before.With(c.Rule).Meshes()
	for i, after := range with {
		for _, client := range after.ClientsOfRules(host) {
			if !slices.Contains(after.RulesFor(client, host), c.Rule.Ref) {
				continue
			}
			if len(without[i].RulesFor(client, host)) > 0 {
				return false, ""
			}
			if port, fits := c.fits(upgrades, after, client, host); !fits {
				return false, fmt.Sprintf("entries differ: for %s (control plane %s) port %d leads elsewhere", client, after.Revision(), port)
			}
			helped = true
		}
	}
	return helped, ""
}

// fits reports whether each port for which the companion starts TLS leads a client only to where an upgrade has it lead; port is one
// that does not.
func (c *Companion) fits(upgrades []v1alpha1.Upgrade, snap *mesh.Snapshot, client mesh.Client, host string) (port uint32, fits bool) {
	for _, port := range c.ports {
		cluster, _ := snap.Cluster(client, host, port, "")
		for _, target := range cluster.TargetPorts {
			if !slices.Contains(upgrades, v1alpha1.Upgrade{Port: port, TargetPort: target}) {
				return port, false
			}
		}
	}
	return 0, true
}
