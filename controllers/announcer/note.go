package announcer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// maxNote is how long an Event's text may be, in bytes (k8s.io/kubernetes/pkg/apis/core/validation/events.go).
const maxNote = 1024

// maxPerNamespace is how many open violations of a namespace have Events: a tenant can make no more of them.
const maxPerNamespace = 100

// several ends the text of an Event that stands for more than one violation.
const several = " (one of several)"

// subject is what there is one Event about at a time.
type subject struct {
	ref    mesh.Ref
	policy string
}

// note is what is to be said of a subject.
type note struct {
	subject
	// apiVersion is that of the object.
	apiVersion, text string
}

// withheldFinding returns that a companion is not kept as what an audit finds.
func withheldFinding(ref mesh.Ref, why string) audit.Finding {
	return audit.Finding{Object: ref, Violation: policies.Violation{Policy: "companion-withheld", Action: v1alpha1.Warn, Message: why}}
}

// notesOf returns what is to be said of what an audit found, and of entries whose companions are withheld: of each object and policy the worst open violation. In turn each namespace
// has its worst ones; those beyond maxPerNamespace are left out.
func notesOf(found *audit.Found, withheld map[mesh.Ref]string) (notes []note, leftOut []subject) {
	byNamespace := map[string][]audit.Finding{}
	for ref, why := range withheld {
		byNamespace[ref.InNamespace()] = append(byNamespace[ref.InNamespace()], withheldFinding(ref, why))
	}
	for _, list := range found.Findings {
		for _, f := range list {
			if isOpen(f, found.At) {
				byNamespace[f.Object.InNamespace()] = append(byNamespace[f.Object.InNamespace()], f)
			}
		}
	}
	var rounds [maxPerNamespace][]note
	for _, list := range byNamespace {
		audit.WorstFirst(list)
		all := joined(found.Mesh, list)
		for i, n := range all {
			if i < maxPerNamespace {
				rounds[i] = append(rounds[i], n)
			} else {
				leftOut = append(leftOut, n.subject)
			}
		}
	}
	for _, round := range rounds {
		slices.SortFunc(round, func(a, b note) int {
			return cmp.Or(cmp.Compare(a.ref.String(), b.ref.String()), cmp.Compare(a.policy, b.policy))
		})
		notes = append(notes, round...)
	}
	return notes, leftOut
}

// isOpen reports whether a finding is one that somebody has to mend: what waits for its partner is so once it is overdue.
func isOpen(f audit.Finding, now time.Time) bool {
	return f.Exempt == "" && !f.Undecided && (f.Until.IsZero() || f.Overdue(now))
}

// joined returns one note for each subject of findings, in their order.
func joined(snap *mesh.Snapshot, findings []audit.Finding) []note {
	var notes []note
	at := map[subject]int{}
	for _, f := range findings {
		s := subject{f.Object, f.Policy}
		if i, known := at[s]; known {
			if !strings.HasSuffix(notes[i].text, several) {
				notes[i].text = admission.Clip(notes[i].text, maxNote-len(several)) + several
			}
			continue
		}
		n := note{subject: s, text: admission.Clip(f.Message, maxNote)}
		if o := snap.Get(f.Object); o != nil {
			n.apiVersion = o.APIVersion
		}
		at[s] = len(notes)
		notes = append(notes, n)
	}
	return notes
}

// reasonOf returns a policy's id as the reason of an Event: PlaintextEgress for plaintext-egress.
func reasonOf(policy string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(policy, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return admission.Clip(b.String(), 128)
}
