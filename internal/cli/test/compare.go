package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// Mismatch is one difference between what a case expects and what it got.
type Mismatch struct {
	// Step is the number of the step, from 1; 0 in a case of one review.
	Step int `json:"step,omitempty"`
	// What is decision, deny, warn, error, or the path of a field of the object after mutation.
	What string `json:"what"`
	Want string `json:"want"`
	Got  string `json:"got"`
}

// String returns the mismatch as "what: want x, got y".
func (m Mismatch) String() string {
	step := ""
	if m.Step > 0 {
		step = fmt.Sprintf("step %d: ", m.Step)
	}
	return fmt.Sprintf("%s%s: want %s, got %s", step, m.What, m.Want, m.Got)
}

// compare returns the differences between what a step expects and what it got.
//
//  1. After a wrong decision only the policies that deny are compared: the rest of another decision would distract.
//  2. Warnings are compared for admitted reviews only.
//  3. A spec that is given is compared with the mutated object's; without one an admitted object must be as it was sent.
func compare(s v1alpha1.SuiteStep, got outcome) []Mismatch {
	var out []Mismatch
	e := s.Expect
	decision := v1alpha1.DecisionDeny
	if got.allowed {
		decision = v1alpha1.DecisionAllow
	}
	if decision != e.Decision {
		text := decision
		if got.refused != "" {
			text += " (" + got.refused + ")"
		}
		out = append(out, Mismatch{What: "decision", Want: e.Decision, Got: text})
	}
	out = append(out, compareSets("deny", e.Deny, got.deny)...)
	if decision != e.Decision {
		return out
	}
	if got.allowed {
		out = append(out, compareSets("warn", e.Warn, got.warn)...)
	}
	switch {
	case e.Spec != nil:
		out = append(out, compareJSON("spec", e.Spec, field(got.object, "spec"))...)
	case got.allowed && s.Object != nil:
		out = append(out, compareJSON("", s.Object, got.object)...)
	}
	return out
}

func compareSets(what string, want, got []string) []Mismatch {
	want, got = slices.Clone(want), slices.Clone(got)
	slices.Sort(want)
	slices.Sort(got)
	want, got = slices.Compact(want), slices.Compact(got)
	if slices.Equal(want, got) {
		return nil
	}
	return []Mismatch{{What: what, Want: listOf(want), Got: listOf(got)}}
}

func listOf(ids []string) string { return "[" + strings.Join(ids, " ") + "]" }

// field returns a field of a JSON object, nil if it has none.
func field(object []byte, name string) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return nil
	}
	return fields[name]
}

// compareJSON returns the fields in which two JSON texts differ in meaning, by path.
func compareJSON(path string, want, got []byte) []Mismatch {
	return compareValues(path, decode(want), decode(got))
}

// absent is the value of a field that is not there, which is not null.
type absent struct{}

func decode(raw []byte) any {
	if raw == nil {
		return absent{}
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return string(raw)
	}
	return v
}

func compareValues(path string, want, got any) []Mismatch {
	if reflect.DeepEqual(want, got) {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return compareMaps(path, w, g)
		}
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			var out []Mismatch
			for i := range w {
				out = append(out, compareValues(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])...)
			}
			return out
		}
	}
	return []Mismatch{{What: path, Want: textOf(want), Got: textOf(got)}}
}

func compareMaps(path string, want, got map[string]any) []Mismatch {
	keys := slices.Collect(maps.Keys(want))
	for k := range got {
		if _, both := want[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var out []Mismatch
	for _, k := range keys {
		out = append(out, compareValues(join(path, k), valueAt(want, k), valueAt(got, k))...)
	}
	return out
}

func valueAt(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent{}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func textOf(v any) string {
	if _, none := v.(absent); none {
		return "nothing"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
