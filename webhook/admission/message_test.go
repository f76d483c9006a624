package admission

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

func TestDenialMessage(t *testing.T) {
	got := DenialMessage("DestinationRule default/shop", Decision{Violations: []policies.Violation{
		{Policy: "plaintext-egress", Action: v1alpha1.Deny, Message: "sidecar a to shop.example.com:80: plaintext",
			Host: "shop.example.com", Port: 80, Client: "sidecar a", DecidedBy: "DestinationRule default/shop spec.tls.mode",
			Fix: "spec:\n  tls:\n    mode: SIMPLE\n"},
		{Policy: "plaintext-egress", Action: v1alpha1.Deny, Message: "plaintext",
			Host: "shop.example.com", Port: 80, Client: "sidecar b", DecidedBy: "DestinationRule default/shop spec.tls.mode",
			Fix: "spec:\n  tls:\n    mode: SIMPLE\n"},
		{Policy: "sni-mismatch", Action: v1alpha1.Deny, Message: "the name is wrong"},
		{Policy: "double-tls", Action: v1alpha1.Warn, Message: "only a warning"},
	}})
	want := `DestinationRule default/shop is refused for 3 reasons:

[plaintext-egress] pods of a to shop.example.com:80: plaintext
[plaintext-egress] plaintext (pods of b to shop.example.com:80)
  decided by: DestinationRule default/shop spec.tls.mode
  fix:
    spec:
      tls:
        mode: SIMPLE

[sni-mismatch] the name is wrong`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestLongDenialsAreCut(t *testing.T) {
	var many []policies.Violation
	for i := range 10_000 {
		many = append(many, policies.Violation{Policy: "p", Action: v1alpha1.Deny, Message: fmt.Sprintf("port %d", i),
			Fix: fmt.Sprintf("fix %d", i)})
	}
	got := DenialMessage("ServiceEntry a/b", Decision{Violations: many})
	if len(got) > 2*MaxDenial || !strings.Contains(got, "10000 reasons") || !strings.HasSuffix(got, "... and 9980 more") {
		t.Errorf("%d bytes, ends %q", len(got), got[max(0, len(got)-60):])
	}
	for i := range many {
		many[i].Fix = "the same"
	}
	got = DenialMessage("ServiceEntry a/b", Decision{Violations: many})
	if len(got) > 2*MaxDenial || !strings.Contains(got, "... and 9980 more like these") || !strings.HasSuffix(got, "the same") {
		t.Errorf("%d bytes, ends %q", len(got), got[max(0, len(got)-60):])
	}
}

func TestWarningsStayWithinTheLimits(t *testing.T) {
	warn := func(message string) policies.Violation {
		return policies.Violation{Policy: "p", Action: v1alpha1.Warn, Message: message}
	}
	got := Warnings([]policies.Violation{warn("a\n  b"), warn("a b"), {Policy: "q", Action: v1alpha1.Deny, Message: "no"}})
	if len(got) != 1 || got[0] != "p: a b" {
		t.Errorf("got %q, want one line, once", got)
	}
	var many []policies.Violation
	for i := range 500 {
		many = append(many, warn(fmt.Sprintf("%d %s", i, strings.Repeat("ä", 400))))
	}
	total := 0
	got = Warnings(many)
	for _, line := range got {
		total += len(line)
		if len(line) > maxWarning || !utf8.ValidString(line) {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	last := got[len(got)-1]
	if total > maxWarnings || last != fmt.Sprintf("tlsward: %d more warnings are left out", 500-(len(got)-1)) {
		t.Errorf("%d bytes in %d lines, last %q", total, len(got), last)
	}
}

func TestAuditAnnotations(t *testing.T) {
	got := AuditAnnotations([]policies.Violation{
		{Policy: "p", Action: v1alpha1.Audit, Message: "one"}, {Policy: "p", Action: v1alpha1.Audit, Message: "two"},
		{Policy: "q", Action: v1alpha1.Warn, Message: "no"}})
	if len(got) != 1 || got["p"] != "one; two" {
		t.Errorf("%v", got)
	}
	// An exemption is told once, whatever it lowered its violations to.
	got = AuditAnnotations([]policies.Violation{
		{Policy: "p", Action: v1alpha1.Audit, Message: "one", Exempt: "exempted until 2999-12-31: later"},
		{Policy: "p", Action: v1alpha1.Audit, Message: "two", Exempt: "exempted until 2999-12-31: later"},
		{Policy: "p", Action: v1alpha1.Audit, Message: "three", Exempt: "exempted until 2999-12-30: sooner"},
		{Policy: "q", Action: v1alpha1.Warn, Message: "no", Exempt: "exempted until tomorrow: x"}})
	want := map[string]string{
		"p": "one; two; three", "p.exempt": "exempted until 2999-12-31: later; exempted until 2999-12-30: sooner",
		"q.exempt": "exempted until tomorrow: x",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if AuditAnnotations(nil) != nil {
		t.Error("annotations without a violation")
	}
}
