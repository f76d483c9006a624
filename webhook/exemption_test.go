package webhook

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

func TestExemptionsAreValidated(t *testing.T) {
	exemption := func(policy, expires, metadata string) string {
		return "{apiVersion: tlsward.io/v1alpha1, kind: Exemption, metadata: {name: legacy" + metadata + "}, spec: {policy: " + policy + ", reason: OPS-1, expires: " + expires + "}}"
	}
	f := newFixture(t, Options{Cache: newCache(t)})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	for _, c := range []struct {
		name           string
		request        *admissionv1.AdmissionRequest
		denied, warned string
	}{
		{name: "good", request: create(t, exemption("double-tls", "'2099-12-31'", ""))},
		{name: "over", request: create(t, exemption("double-tls", "'2020-12-31'", "")), warned: "lets nothing pass"},
		{name: "misspelt", request: create(t, exemption("double-tsl", "'2099-12-31'", "")),
			denied: `Exemption legacy is refused: spec.policy: there is no policy "double-tsl"`},
		{name: "always denies", request: create(t, exemption("unknown-field", "'2099-12-31'", "")), denied: "it always denies"},
		{name: "misspelt later", request: update(t, exemption("double-tsl", "'2099-12-31'", ""), exemption("double-tls", "'2099-12-31'", "")), denied: "there is no policy"},
		{name: "stored as it is", request: update(t, exemption("gone", "'2099-12-31'", ", labels: {a: b}"), exemption("gone", "'2099-12-31'", ""))},
	} {
		got := server.review(t, "/validate-exemption", c.request)
		message := ""
		if got.Result != nil {
			message = got.Result.Message
		}
		if got.Allowed != (c.denied == "") || !strings.Contains(message, c.denied) {
			t.Errorf("%s: allowed %v: %s", c.name, got.Allowed, message)
		}
		if have := strings.Join(got.Warnings, "; "); !strings.Contains(have, c.warned) || c.warned == "" && have != "" {
			t.Errorf("%s: warned %q", c.name, have)
		}
	}
}
