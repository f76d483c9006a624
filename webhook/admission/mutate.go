package admission

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/policies"
)

// exempt returns which hosts may be in plaintext. It is nil where no exemption says so.
func (e *Evaluator) exempt() mutators.Exempt {
	var exempt []v1alpha1.ExemptionSpec
	for _, x := range e.Config.Exemptions {
		if policies.LeavesAsWritten(x.Policy) {
			exempt = append(exempt, x)
		}
	}
	if exempt == nil {
		return nil
	}
	now := time.Now()
	return func(namespace, host string) bool {
		return slices.ContainsFunc(exempt, func(x v1alpha1.ExemptionSpec) bool { return x.AppliesIn(namespace, now) && x.CoversHost(host) })
	}
}

// changesNoSpec reports whether an UPDATE leaves the spec as it is stored. What is stored may predate the webhook, and work
// as it stands: a label is no reason to change where its traffic goes.
func changesNoSpec(r Review) bool {
	var object, old struct {
		Spec json.RawMessage `json:"spec"`
	}
	if len(r.OldObject) == 0 || json.Unmarshal(r.Object, &object) != nil || json.Unmarshal(r.OldObject, &old) != nil {
		return false
	}
	return bytes.Equal(object.Spec, old.Spec) // an API server writes both alike
}

// Companion returns the DestinationRule that should be kept for a host that a namespace declares, nil for none; why says where one is
// missed and cannot be.
func (e *Evaluator) Companion(snap *mesh.Snapshot, namespace, host string) (c *mutators.Companion, why string, err error) {
	return mutators.CompanionFor(e.Config.Mutation, e.exempt(), snap, namespace, host)
}
