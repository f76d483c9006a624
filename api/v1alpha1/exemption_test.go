package v1alpha1

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"
)

func TestExemptionCoversHost(t *testing.T) {
	for _, c := range []struct {
		name  string
		hosts []string
		host  string
		want  bool
	}{
		{"without hosts", nil, "db.example.com", true},
		{"every host", []string{"*"}, "db.example.com", true},
		{"none at all", []string{"*"}, "", false},
		{"itself", []string{"db.example.com"}, "db.example.com", true},
		{"in another case", []string{"DB.example.com"}, "db.Example.com", true},
		{"not what is below it", []string{"example.com"}, "db.example.com", false},
		{"below a wildcard", []string{"*.example.com"}, "eu.db.example.com", true},
		{"a wildcard below a wildcard", []string{"*.example.com"}, "*.db.example.com", true},
		{"the wildcard itself", []string{"*.example.com"}, "*.example.com", true},
		{"not the domain of a wildcard", []string{"*.example.com"}, "example.com", false},
		{"not a name that ends alike", []string{"*.example.com"}, "badexample.com", false},
		{"one of several", []string{"a.example.com", "b.example.com"}, "b.example.com", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if have := (ExemptionSpec{Hosts: c.hosts}).CoversHost(c.host); have != c.want {
				t.Errorf("%q covers %q: %t, want %t", c.hosts, c.host, have, c.want)
			}
		})
	}
}

func TestExemptionAppliesIn(t *testing.T) {
	noon := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name       string
		namespaces []string
		expires    time.Time
		want       bool
	}{
		{"in all namespaces", nil, noon.AddDate(0, 0, 30), true},
		{"in its own", []string{"web", "shop"}, noon.AddDate(0, 0, 30), true},
		{"not in others", []string{"web"}, noon.AddDate(0, 0, 30), false},
		{"not when it is over", nil, noon.AddDate(0, 0, -2), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := ExemptionSpec{Namespaces: c.namespaces, Expires: Date{c.expires}}
			if have := x.AppliesIn("shop", noon); have != c.want {
				t.Errorf("applies: %t, want %t", have, c.want)
			}
		})
	}
}

// What the CRD lets in and what can be obeyed are the same: nobody is told yes by the API server and no by the status.
func TestCRDHoldsWhatIsChecked(t *testing.T) {
	raw, err := os.ReadFile("../../charts/tlsward/files/crds/tlsward.io_exemptions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct{ OpenAPIV3Schema spec.Schema }
			}
		}
	}
	if err := yaml.Unmarshal(raw, &crd); err != nil {
		t.Fatal(err)
	}
	// As the API server validates custom resources (apiextensions-apiserver pkg/apiserver/validation).
	validator := validate.NewSchemaValidator(&crd.Spec.Versions[0].Schema.OpenAPIV3Schema, nil, "", strfmt.Default)
	for text, want := range map[string]string{
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31"}`:                                                               "",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31","hosts":["*","*.a.example","b.example"],"namespaces":["shop"]}`: "",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31","owner":"payments"}`:                                            "",
		`{"policy":"Plaintext","reason":"OPS-1","expires":"2027-01-31"}`:                                                                      "spec.policy",
		`{"reason":"OPS-1","expires":"2027-01-31"}`:                                                                                           "spec.policy",
		`{"policy":"plaintext-egress","reason":" ","expires":"2027-01-31"}`:                                                                   "spec.reason",
		`{"policy":"plaintext-egress","expires":"2027-01-31"}`:                                                                                "spec.reason",
		`{"policy":"plaintext-egress","reason":"OPS-1"}`:                                                                                      "spec.expires",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":null}`:                                                                       "spec.expires",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-02-30"}`:                                                               "spec.expires",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"31.1.2027"}`:                                                                "spec.expires",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":7}`:                                                                          "spec.expires",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31","hosts":["*example"]}`:                                          "spec.hosts[0]",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31","hosts":["A.example"]}`:                                         "spec.hosts[0]",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31","hosts":"a.example"}`:                                           "spec.hosts",
		`{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31","namespaces":["Shop"]}`:                                         "spec.namespaces[0]",
	} {
		_, err := ReadExemption([]byte(`{"metadata":{"name":"x"},"spec":` + text + `}`))
		if (want == "") != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), want+":") {
			t.Errorf("%s: read: %v, want %q", text, err, want)
		}
		var object any
		if err := json.Unmarshal([]byte(`{"spec":`+text+`}`), &object); err != nil {
			t.Fatal(err)
		}
		errs := validator.Validate(object).Errors
		if (want == "") != (len(errs) == 0) {
			t.Errorf("%s: by the CRD: %v, want %q", text, errs, want)
		}
	}
	if _, err := ReadExemption([]byte(`{"spec":{"policy":"a","reason":"b","expires":"2027-01-31","hots":[]}}`)); err == nil || !strings.Contains(err.Error(), "spec.hots") {
		t.Errorf("a field that there is not: %v", err)
	}
}

func TestNoteNamesTheExemption(t *testing.T) {
	e, err := ReadExemption([]byte(`{"metadata":{"name":"legacy"},"spec":{"policy":"plaintext-egress","reason":"OPS-1","expires":"2027-01-31"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if have, want := e.Spec.Note(), "exempted until 2027-01-31 by Exemption legacy: OPS-1"; have != want {
		t.Errorf("have %q, want %q", have, want)
	}
}
