package test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/mesh"
)

// outsideModel is the policy whose cases have objects of Istios that are yet to come.
const outsideModel = "outside-model"

// misspelt returns a mismatch for each field, kind and value of a case's objects that no API server would store as it stands there, and
// that is close to a right one: such a case shows something else than it says. What is like nothing may be newer than this program; so
// may be what a case has that expects to be told so. An object that is to be denied may be there for just that.
func misspelt(d manifests.Document, path string, c v1alpha1.SuiteCase) []Mismatch {
	if slices.ContainsFunc(c.Reviews(), expectsOutsideModel) {
		return nil
	}
	var found []Mismatch
	look := func(at string, raw json.RawMessage) {
		if raw != nil {
			found = append(found, misspeltIn(d, path+"."+at, raw)...)
		}
	}
	for i, raw := range c.Given {
		look(fmt.Sprintf("given[%d]", i), raw)
	}
	for i, s := range c.Reviews() {
		at := fmt.Sprintf("steps[%d]", i)
		if c.Review != nil {
			at = "review"
		}
		if s.Expect != nil && s.Expect.Decision != v1alpha1.DecisionDeny {
			look(at+".object", s.Object)
		}
		look(at+".oldObject", s.OldObject)
	}
	return found
}

// misspeltIn returns those of one object, which is at a path of the Suite. One that cannot be read is told of elsewhere.
func misspeltIn(d manifests.Document, path string, raw []byte) []Mismatch {
	head, err := manifests.ReadHead(raw)
	if err != nil {
		return nil
	}
	mismatch := func(field, want, got string) Mismatch {
		return Mismatch{What: fmt.Sprintf("%s: %s", d.WhereIs(path+"."+field), path+"."+field), Want: want, Got: got}
	}
	if unknown, err := structural.FindKind(head.APIVersion, head.Kind); err == nil && unknown != nil && unknown.Nearest != "" {
		return []Mismatch{mismatch("kind", unknown.Nearest, head.APIVersion+" "+head.Kind)}
	}
	if !mesh.Reads(head.APIVersion, head.Kind) {
		return nil
	}
	_, unknown, err := structural.Prune(head.APIVersion, head.Kind, raw)
	if err != nil {
		return nil
	}
	var found []Mismatch
	for _, u := range unknown {
		if u.Nearest != "" {
			found = append(found, mismatch(u.Path, u.Nearest, "a field that "+head.Kind+" does not have"))
		}
	}
	return found
}

func expectsOutsideModel(s v1alpha1.SuiteStep) bool {
	return s.Expect != nil && (slices.Contains(s.Expect.Deny, outsideModel) || slices.Contains(s.Expect.Warn, outsideModel))
}
