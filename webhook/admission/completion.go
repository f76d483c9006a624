package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// Completion is what an object that is stored lacks.
type Completion struct {
	Ref mesh.Ref
	// Read is the object as JSON that Patch is for.
	Read  []byte
	Patch []jsonpatch.Operation
	// Withheld is why it may not be filled in; "" where it may.
	Withheld string
}

// Completions returns what stored objects (JSON) lack that the mutating webhook would fill in, in the order in which it is to be
// written: rules before entries, so that no entry is moved to where no rule starts TLS yet. They are judged as all of them together
// leave the mesh, with the companions that there will be: where a client were worse off than it is, what makes it so is withheld.
// Other than at admission nobody looks at the answer, and what is stored works as it stands.
func (e *Evaluator) Completions(ctx context.Context, snap *mesh.Snapshot, objects [][]byte) ([]Completion, error) {
	p := &completionPlan{evaluator: e, before: snap, withheld: map[mesh.Ref]string{}}
	if err := p.read(objects); err != nil {
		return nil, err
	}
	for {
		if err := p.make(); err != nil {
			return nil, err
		}
		again, err := p.withhold(ctx)
		if err != nil {
			return nil, err
		}
		if !again { // each time something is withheld, and there is no end of nothing
			return p.result, nil
		}
	}
}

// completionPlan is the work of Completions.
type completionPlan struct {
	evaluator *Evaluator
	objects   []Completion
	// before is the mesh as it is, after as the result leaves it.
	before, after *mesh.Snapshot
	result        []Completion
	withheld      map[mesh.Ref]string
}

// read reads the objects, rules first.
func (p *completionPlan) read(objects [][]byte) error {
	for _, raw := range objects {
		o, err := mesh.Decode(raw)
		if err != nil {
			return err
		}
		if o == nil {
			return errors.New("read the object: its kind is not one of the mesh")
		}
		p.before = p.before.With(o)
		p.objects = append(p.objects, Completion{Ref: o.Ref, Read: raw})
	}
	slices.SortStableFunc(p.objects, func(a, b Completion) int { return order(a.Ref) - order(b.Ref) })
	return nil
}

func order(ref mesh.Ref) int {
	return slices.Index([]string{mesh.KindDestinationRule, mesh.KindServiceEntry}, ref.Kind)
}

// make completes one object after the other, those that are withheld aside.
func (p *completionPlan) make() error {
	p.after, p.result = p.before, nil
	var entries []*mesh.Object
	for _, c := range p.objects {
		object, patch, err := p.evaluator.Mutate(p.after, Review{Operation: policies.Update, Object: c.Read})
		if err != nil {
			return err
		}
		if len(patch) == 0 {
			continue
		}
		c.Patch, c.Withheld = patch, p.withheld[c.Ref]
		p.result = append(p.result, c)
		if c.Withheld != "" {
			continue
		}
		o, err := mesh.Decode(object)
		if err != nil {
			return err
		}
		if p.after = p.after.With(o); o.Kind == mesh.KindServiceEntry {
			entries = append(entries, o)
		}
	}
	return p.addCompanions(entries)
}

// addCompanions adds the rules that will be kept for entries once they are moved.
func (p *completionPlan) addCompanions(entries []*mesh.Object) error {
	for _, o := range entries {
		for _, host := range p.after.HostsOf(o) {
			c, _, err := p.evaluator.Companion(p.after, o.Namespace, host)
			if err != nil {
				return fmt.Errorf("settle companions: %w", err)
			}
			if c != nil {
				p.after = p.after.With(c.Rule)
			}
		}
	}
	return nil
}

// withhold withholds what leaves some client worse off than it was, and reports whether it found anything.
func (p *completionPlan) withhold(ctx context.Context) (again bool, err error) {
	for _, c := range p.result {
		if c.Withheld != "" {
			continue
		}
		why, err := p.worse(ctx, c.Ref)
		if err != nil {
			return false, err
		}
		if why != "" {
			p.withheld[c.Ref], again = why, true
		}
	}
	return again, nil
}

// worse returns who would be worse off by an object as it is completed; "" for nobody.
func (p *completionPlan) worse(ctx context.Context, ref mesh.Ref) (string, error) {
	change := &change{ref: ref, object: p.after.Get(ref), before: p.before, after: p.after}
	moved := movedPorts(p.before.Get(ref), change.object)
	for _, part := range change.meshes() {
		flows, err := mesh.Review(ctx, part.before, part.after, ref, nil)
		if err != nil {
			return "", fmt.Errorf("judge %s as it would be: %w", ref, err)
		}
		for _, f := range flows {
			if isWorse(f, moved) {
				return fmt.Sprintf("%s would get %s on port %d of %s, sent to port %v", f.Client, f.Verdict, f.Port, f.Host, f.TargetPorts), nil
			}
		}
	}
	return "", nil
}

// plaintextPort is the port of HTTP in plaintext (RFC 9110, section 4.2.1).
const plaintextPort = 80

// isWorse reports whether a flow fares worse than it did. What goes to a port that was moved has to be under TLS there; other flows have
// to stay as they were, or get TLS from a server that is not known to speak plaintext.
func isWorse(f mesh.Flow, moved map[uint32]bool) bool {
	switch {
	case f.HopKind != mesh.HopEgress || f.Verdict == mesh.Unknown:
		return false
	case f.Verdict == mesh.Originated:
		return f.Before != mesh.Originated && slices.Contains(f.TargetPorts, plaintextPort)
	}
	return f.Verdict != f.Before || moved[f.Port]
}

// movedPorts returns the ports of an entry that lead elsewhere than they did.
func movedPorts(was, is *mesh.Object) map[uint32]bool {
	moved := map[uint32]bool{}
	before, ok := was.Spec.(*networking.ServiceEntry)
	if !ok {
		return moved
	}
	for i, port := range is.Spec.(*networking.ServiceEntry).Ports {
		if port.GetTargetPort() != before.Ports[i].GetTargetPort() {
			moved[port.GetNumber()] = true
		}
	}
	return moved
}

// MayComplete reports whether something may have to be filled in of an object of the mesh. The mesh does not tell what is written down
// from what is not, so that only the object as it is stored says for certain.
func (e *Evaluator) MayComplete(snap *mesh.Snapshot, o *mesh.Object) bool {
	raw, err := json.Marshal(map[string]any{"apiVersion": o.APIVersion, "kind": o.Kind, "spec": o.Spec,
		"metadata": map[string]any{"namespace": o.Namespace, "name": o.Name, "labels": o.Labels}})
	if err != nil {
		return false
	}
	_, patch, err := e.Mutate(snap, Review{Operation: policies.Update, Object: raw})
	return err == nil && len(patch) > 0
}
