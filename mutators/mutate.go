package mutators

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// passes bounds how often a mutator runs again over its own result. One pass finds everything today; the second
// shows that nothing is left.
const passes = 3

// Exempt reports whether a host may be in plaintext for objects of a namespace: then nothing is filled in. It is nil where none may.
type Exempt func(namespace, host string) bool

func (x Exempt) covers(namespace, host string) bool { return x != nil && x(namespace, host) }

func (x Exempt) coversAny(namespace string, hosts []string) bool {
	return x != nil && slices.ContainsFunc(hosts, func(host string) bool { return x(namespace, host) })
}

// Mutate returns the object (JSON) as it should be stored in the mesh, and the RFC 6902 patch that leads there (empty:
// nothing to do). snapshot is the mesh before the review. What is for an exempt host is left alone; exempt is nil where
// there is none. The error names the object and field that could not be read.
func Mutate(cfg v1alpha1.Mutation, exempt Exempt, snapshot *mesh.Snapshot, object []byte) ([]byte, []jsonpatch.Operation, error) {
	var patch []jsonpatch.Operation
	var raw map[string]any // the object, with what was filled in so far
	for range passes {
		o, err := mesh.Decode(object)
		if err != nil {
			return nil, nil, err
		}
		if o == nil || o.Kind != mesh.KindServiceEntry && o.Kind != mesh.KindDestinationRule {
			return object, patch, nil
		}
		if raw == nil {
			if raw, err = parse(object); err != nil {
				return nil, nil, fmt.Errorf("read %s: %w", o.Ref, err)
			}
		}
		d := &document{root: raw}
		after, err := Settled(cfg, exempt, snapshot, snapshot.With(o), o, nil)
		if err != nil {
			return nil, nil, fmt.Errorf("settle companions: %w", err)
		}
		switch {
		case o.Kind == mesh.KindDestinationRule && o.Labels[CompanionLabel] == companionValue || exempt.coversAny(o.Namespace, after.HostsOf(o)):
		case o.Kind == mesh.KindServiceEntry:
			mutateServiceEntry(cfg, after, o, d)
		default:
			mutateDestinationRule(cfg.Origination, after, o.Ref, d)
		}
		if len(d.patch) == 0 {
			return object, patch, nil
		}
		patch = append(patch, d.patch...)
		if object, err = json.Marshal(d.root); err != nil {
			return nil, nil, fmt.Errorf("write %s: %w", o.Ref, err)
		}
	}
	return object, patch, nil
}

// parse reads JSON with its numbers as written, so that what is not edited stays as it is.
func parse(raw []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	return root, nil
}
