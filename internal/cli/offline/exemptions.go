package offline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/admission"
)

func isExemption(head manifests.Head) bool {
	return head.Kind == v1alpha1.KindExemption && head.APIVersion == v1alpha1.GroupVersion().String()
}

// exempt sets by what the mesh is judged: the evaluator with the Exemptions of the cluster, and with those of the files in their place.
// One of the files that cannot be obeyed is Broken, one of the cluster is noted.
func (m *Mesh) exempt(evaluator *admission.Evaluator, stored, files []manifests.Document) {
	specs := map[string]v1alpha1.ExemptionSpec{}
	for _, d := range stored {
		spec, err := admission.ReadExemption(evaluator.Engine, d.Raw)
		if err != nil {
			m.Notes = append(m.Notes, fmt.Sprintf("Exemption %s is not obeyed: %v", d.Head.Metadata.Name, err))
			continue
		}
		specs[d.Head.Metadata.Name] = spec
	}
	for _, d := range files {
		if !isExemption(d.Head) {
			continue
		}
		spec, err := admission.ReadExemption(evaluator.Engine, d.Raw)
		if err != nil {
			m.cannotRead(d, fmt.Errorf("%s: Exemption %s: %w", d.Where(), d.Head.Metadata.Name, err))
			continue
		}
		specs[d.Head.Metadata.Name] = spec
		m.Notes = append(m.Notes, fmt.Sprintf("%s: Exemption %s %s", d.Where(), d.Head.Metadata.Name, effect(spec, time.Now())))
	}
	var all []v1alpha1.ExemptionSpec
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		all = append(all, specs[name])
	}
	m.Evaluator = evaluator.WithExemptions(all)
}

// effect says what an Exemption does at now.
func effect(spec v1alpha1.ExemptionSpec, now time.Time) string {
	if spec.Expires.Over(now) {
		return fmt.Sprintf("ended on %s: it lets nothing pass", spec.Expires.Format(time.DateOnly))
	}
	return fmt.Sprintf("counts: it lets violations of %s pass until %s", spec.Policy, spec.Expires.Format(time.DateOnly))
}
