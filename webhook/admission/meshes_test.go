package admission

import (
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

// What is found in the mesh of each control plane is told once, of whatever clients; else with the control plane.
func TestJoined(t *testing.T) {
	violation := func(client, rest string) policies.Violation {
		return policies.Violation{Policy: "p", Action: v1alpha1.Warn, Client: client, Message: client + rest}
	}
	refused := policies.Violation{Policy: "q", Action: v1alpha1.Deny, Message: "is refused"}
	d := joined([]judgement{
		{"default", decisionOn(nil, []policies.Violation{violation("a", " is open"), violation("", "of the object"), violation("c", " is here alone")})},
		{"canary", decisionOn(nil, []policies.Violation{violation("b", " is open"), violation("", "of the object"), refused})},
	})
	var have []string
	for _, v := range d.Violations {
		have = append(have, v.Message)
	}
	want := []string{"control plane canary: is refused", "of the object", "a is open", "b is open", "c (control plane default) is here alone"}
	if len(have) != len(want) {
		t.Fatalf("have %q, want %q", have, want)
	}
	for i := range want {
		if have[i] != want[i] {
			t.Errorf("have %q, want %q", have[i], want[i])
		}
	}
	if d.Allowed {
		t.Error("what one mesh denies is allowed")
	}
	if one := joined([]judgement{{"default", decisionOn(nil, []policies.Violation{violation("a", " is open")})}}); one.Violations[0].Message != "a is open" {
		t.Errorf("the only control plane is named: %q", one.Violations[0].Message)
	}
}
