package reporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

func object(t testing.TB, text string) *mesh.Object {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o, err := mesh.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func sample(t testing.TB) audit.Found {
	entry := object(t, "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: bank, namespace: shop}, spec: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}}")
	gateway := object(t, "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: out, namespace: shop}, spec: {gatewayClassName: istio}}")
	namespace := object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
	finding := func(o *mesh.Object, v policies.Violation) audit.Finding {
		return audit.Finding{Violation: v, Object: o.Ref}
	}
	return audit.Found{Mesh: mesh.New(mesh.DefaultSettings(), entry, gateway, namespace), Findings: map[mesh.Ref][]audit.Finding{
		entry.Ref: {
			finding(entry, policies.Violation{Policy: "tls-pending", Action: v1alpha1.Warn, Message: "waits", Host: "api.bank.example", Port: 80, Client: "shop"}),
			finding(entry, policies.Violation{Policy: "opaque-tcp", Action: v1alpha1.Audit, Message: "opaque", Exempt: "exempted until 2027-01-01: OPS-1"}),
			finding(entry, policies.Violation{Policy: "plaintext-egress", Action: v1alpha1.Deny, Message: "plaintext", Host: "api.bank.example", Port: 80, Fix: "kind: X", DecidedBy: "DestinationRule shop/bank spec.trafficPolicy.tls.mode"}),
			finding(entry, policies.Violation{Policy: "no-sidecars", Action: v1alpha1.Warn, Message: "could not", Undecided: true}),
		},
		gateway.Ref:   {finding(gateway, policies.Violation{Policy: "plaintext-gateway-hop", Action: v1alpha1.Audit, Message: "hop"})},
		namespace.Ref: {finding(namespace, policies.Violation{Policy: "unknown-host", Action: v1alpha1.Deny, Message: "labels"})},
	}, Undecided: map[mesh.Ref]error{{Kind: "Sidecar", Namespace: "shop", Name: "default"}: errors.New("took too long")}}
}

// What waits for its partner for too long fails.
func TestOverdueFails(t *testing.T) {
	until := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := audit.Finding{Violation: policies.Violation{Policy: "tls-pending", Action: v1alpha1.Warn}, Until: until}
	for at, want := range map[time.Time]openreports.Result{until: "warn", until.Add(time.Second): "fail"} {
		if r := resultOf(audit.Found{Mesh: mesh.New(mesh.DefaultSettings()), At: at}, f); r.Result != want {
			t.Errorf("at %s: got %v, want %s", at, r, want)
		}
	}
}

// What is denied fails, what is told warns, what is exempt is skipped; each of a namespace and kind in one report, that of the cluster's
// own kinds in one of the cluster.
func TestReportsOf(t *testing.T) {
	reports := reportsOf(sample(t))
	var lines []string
	for _, at := range []place{{Namespace: "shop", Name: "tlsward-serviceentry"}, {Namespace: "shop", Name: "tlsward-kubernetesgateway"}, {Namespace: "shop", Name: "tlsward-sidecar"}, {Name: "tlsward-namespace"}} {
		r := reports[at]
		if r == nil {
			t.Fatalf("there is no report %s of %v", at, reports)
		}
		s := r.Summary
		lines = append(lines, fmt.Sprintf("%s/%s scope=%v fail=%d error=%d warn=%d skip=%d", r.Namespace, r.Name, r.Scope != nil, s.Fail, s.Error, s.Warn, s.Skip))
		for _, x := range r.Results {
			lines = append(lines, fmt.Sprintf(" %s %s %q %s %s %s %s/%s", x.Result, x.Policy, x.Severity, x.Rule, x.Description, x.Subjects[0].APIVersion, x.Subjects[0].Kind, x.Subjects[0].Name))
		}
	}
	want := `shop/tlsward-serviceentry scope=true fail=1 error=1 warn=1 skip=1
 fail plaintext-egress "high" api.bank.example:80 plaintext networking.istio.io/v1 ServiceEntry/bank
 error no-sidecars "" no-sidecars could not networking.istio.io/v1 ServiceEntry/bank
 warn tls-pending "medium" api.bank.example:80 waits networking.istio.io/v1 ServiceEntry/bank
 skip opaque-tcp "info" opaque-tcp opaque networking.istio.io/v1 ServiceEntry/bank
shop/tlsward-kubernetesgateway scope=true fail=0 error=0 warn=1 skip=0
 warn plaintext-gateway-hop "low" plaintext-gateway-hop hop gateway.networking.k8s.io/v1 Gateway/out
shop/tlsward-sidecar scope=true fail=0 error=1 warn=0 skip=0
 error undecided "" undecided took too long  Sidecar/default
/tlsward-namespace scope=false fail=1 error=0 warn=0 skip=0
 fail unknown-host "high" unknown-host labels v1 Namespace/shop`
	if got := strings.Join(lines, "\n"); got != want || len(reports) != 4 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A result keeps the time at which it was found first, and equal audits make equal reports.
func TestTimesStay(t *testing.T) {
	at, api := place{Namespace: "shop", Name: "tlsward-serviceentry"}, apis()[0]
	first, second := reportsOf(sample(t))[at], reportsOf(sample(t))[at]
	stamp(first, nil, time.Unix(100, 0))
	raw, err := api.encode(first)
	if err != nil {
		t.Fatal(err)
	}
	var stored openreports.Report
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatal(err)
	}
	stamp(second, &stored, time.Unix(200, 0))
	if again, err := api.encode(second); err != nil || string(again) != string(raw) {
		t.Errorf("%v: got\n%s\nwant\n%s", err, again, raw)
	}
	second.Results[0].Description = "another one"
	stamp(second, &stored, time.Unix(200, 0))
	if a, b := second.Results[0].Timestamp.Seconds, second.Results[1].Timestamp.Seconds; a != 200 || b != 100 {
		t.Errorf("a new result is of %d, the other one of %d", a, b)
	}
}

// Tenants write objects: a report fits into the API server all the same, and counts what it leaves out.
func TestReportsAreBounded(t *testing.T) {
	found := audit.Found{Mesh: mesh.New(mesh.DefaultSettings()), Findings: map[mesh.Ref][]audit.Finding{}}
	long := strings.Repeat("ä", 1<<20)
	for i := range 3 * maxResults {
		ref := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "shop", Name: fmt.Sprintf("entry-%d", i)}
		v := policies.Violation{Policy: "plaintext-egress", Action: v1alpha1.Warn, Message: long, Host: long, Port: 80, Client: long, Fix: long, DecidedBy: long, Exempt: ""}
		if i == 2*maxResults {
			v.Action = v1alpha1.Deny
		}
		found.Findings[ref] = []audit.Finding{{Violation: v, Object: ref}}
	}
	for _, r := range reportsOf(found) {
		raw, err := apis()[0].encode(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > 1<<20 || len(r.Results) != maxResults || r.Results[0].Result != "fail" {
			t.Errorf("%d bytes, %d results, the first %s", len(raw), len(r.Results), r.Results[0].Result)
		}
		if r.Summary.Warn != 3*maxResults-1 || r.Annotations[leftOutAnnotation] != fmt.Sprint(2*maxResults) {
			t.Errorf("counted %+v, left out %q", r.Summary, r.Annotations[leftOutAnnotation])
		}
	}
}

// The older API has no field for the source of a whole report (sigs.k8s.io/wg-policy-prototypes, v1alpha2 PolicyReport).
func TestTheOlderAPIHasNoSource(t *testing.T) {
	for _, a := range apis() {
		for at, r := range reportsOf(sample(t)) {
			raw, err := a.encode(r)
			if err != nil {
				t.Fatal(err)
			}
			var fields map[string]any
			if err := json.Unmarshal(raw, &fields); err != nil {
				t.Fatal(err)
			}
			kind := map[string]string{"openreports.io": "Report", "wgpolicyk8s.io": "PolicyReport"}[a.Group]
			if at.Namespace == "" {
				kind = "Cluster" + kind
			}
			_, has := fields["source"]
			if fields["kind"] != kind || has != (a.Group == "openreports.io") {
				t.Errorf("%s %s: kind %v, source %v", a, at, fields["kind"], has)
			}
		}
	}
}

// What waits is remembered by the stored reports; where another replica saw it at about the same time, nothing is written anew.
func TestReportsRememberWhatWaits(t *testing.T) {
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	foundAt := func(began time.Time) audit.Found {
		found := sample(t)
		ref := mesh.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "bank"}
		found.At = since.Add(time.Hour)
		found.Findings[ref][0].Since, found.Findings[ref][0].Until = began, began.Add(5*time.Minute)
		return found
	}
	at := place{Namespace: "shop", Name: "tlsward-serviceentry"}
	stored := func(found audit.Found, before *openreports.Report) (*openreports.Report, string) {
		t.Helper()
		r := reportsOf(found)[at]
		stamp(r, before, time.Unix(100, 0))
		raw, err := apis()[0].encode(r)
		if err != nil {
			t.Fatal(err)
		}
		return r, string(raw)
	}
	first, raw := stored(foundAt(since), nil)
	if _, again := stored(foundAt(since.Add(3*time.Second)), first); again != raw {
		t.Errorf("seen a moment later: got\n%s\nwant\n%s", again, raw)
	}
	if _, anew := stored(foundAt(since.Add(10*time.Minute)), first); anew == raw {
		t.Error("what began to wait later is said to have waited for longer")
	}
	foreign := *first
	foreign.Namespace = "attacker"
	want := audit.Waits{{Kind: "ServiceEntry", Namespace: "shop", Name: "bank"}: {{Host: "api.bank.example", Port: 80, Client: "shop"}: since}}
	if got := waitsIn([]openreports.Report{*first, foreign}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
