package v1alpha1

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

const head = "apiVersion: tlsward.io/v1alpha1\nkind: Config\n"

func TestParseEverything(t *testing.T) {
	c, err := ParseConfig([]byte(head + `
mesh: {rootNamespace: istio-config, trustDomain: td, trustDomainAliases: [old], clusterDomain: example.org}
mutation:
  upgrades: [{port: 8080, targetPort: 8443}]
  origination:
  - {hosts: ["*.bank.example"], tls: {mode: MUTUAL, credentialName: bank}}
strict: true
policies: {double-tls: {action: deny, namespaces: [payments]}}
exemptions:
- {policy: plaintext-egress, namespaces: [lab], hosts: [old.example.com], reason: until it moves, expires: 2027-01-01}
params: {accept: [1, two]}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		APIVersion: APIVersion, Kind: KindConfig,
		Mesh: Mesh{RootNamespace: "istio-config", TrustDomain: "td", TrustDomainAliases: []string{"old"}, ClusterDomain: "example.org"},
		Mutation: Mutation{
			Upgrades:    []Upgrade{{Port: 8080, TargetPort: 8443}},
			Origination: []Origination{{Hosts: []string{"*.bank.example"}, TLS: map[string]any{"mode": "MUTUAL", "credentialName": "bank"}}},
		},
		Strict:   true,
		Policies: map[string]PolicyConfig{"double-tls": {Action: Deny, Namespaces: []string{"payments"}}},
		Exemptions: []ExemptionSpec{{Policy: "plaintext-egress", Namespaces: []string{"lab"}, Hosts: []string{"old.example.com"},
			Reason: "until it moves", Expires: Date{time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}}},
		Params: map[string]any{"accept": []any{1.0, "two"}},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestDefaultsFillWhatIsUnset(t *testing.T) {
	c, err := ParseConfig([]byte(head + "mesh: {trustDomain: td}\nmutation: {upgrades: []}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultConfig()
	want.Mesh.TrustDomain = "td"
	want.Mutation.Upgrades = []Upgrade{}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestDefaultsAreNotShared(t *testing.T) {
	DefaultConfig().Mutation.Origination[0].TLS["mode"] = "DISABLE"
	if got := DefaultConfig().Mutation.Origination[0].TLS["mode"]; got != "SIMPLE" {
		t.Errorf("one caller's change reached another: mode %v", got)
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("the defaults are invalid: %v", err)
	}
}

// A list in the file replaces the default one; encoding/json alone would merge the elements.
func TestListsReplace(t *testing.T) {
	_, err := ParseConfig([]byte(head + "mutation: {upgrades: [{port: 8080}]}"))
	if err == nil || !strings.Contains(err.Error(), "mutation.upgrades[0].targetPort") {
		t.Errorf("want an error for the missing targetPort, got %v", err)
	}
}

func TestBadConfigurationNamesTheField(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, want string }{
		"no apiVersion":       {"kind: Config", `apiVersion: want "tlsward.io/v1alpha1", got ""`},
		"other kind":          {"apiVersion: tlsward.io/v1alpha1\nkind: Suite", `kind: want "Config", got "Suite"`},
		"empty file":          {"", `apiVersion: want "tlsward.io/v1alpha1"`},
		"a list":              {"[]", "want a mapping of fields"},
		"unknown field":       {head + "mesh: {rootNamespce: x}", "mesh.rootNamespce: unknown field (known: clusterDomain, ingressGateways, internalAddresses, istioVersion, meshConfig, revision, rootNamespace"},
		"wrong case":          {head + "Strict: true", `Strict: unknown field, did you mean "strict"?`},
		"unknown in a list":   {head + "mutation: {upgrades: [{port: 80, targetPort: 443}, {prot: 1}]}", "mutation.upgrades[1].prot: unknown field"},
		"unknown in a map":    {head + "policies: {double-tls: {action: deny, namespace: x}}", "policies.double-tls.namespace: unknown field"},
		"unknown tls field":   {head + "mutation: {origination: [{hosts: ['*'], tls: {mode: SIMPLE, SNI: x}}]}", "mutation.origination[0].tls.SNI: unknown field"},
		"repeated field":      {head + "strict: true\nstrict: false", `key "strict" already set`},
		"not YAML":            {head + "mesh: {", "line 3"},
		"no ceiling":          {head + "enforcement: off", `enforcement: want one of deny, warn, audit, got "off"`},
		"wrong type":          {head + "strict: maybe", `strict: want true or false, got "maybe"`},
		"negative port":       {head + "mutation: {upgrades: [{port: -1, targetPort: 443}]}", "mutation.upgrades[0].port: want a whole number of 0 or more, got -1"},
		"type in a map":       {head + "policies: {double-tls: {action: [deny]}}", "policies.double-tls.action: want one of deny, warn, audit, off, got ["},
		"list for a mapping":  {head + "mesh: []", "mesh: want a mapping, got a list"},
		"port too high":       {head + "mutation: {upgrades: [{port: 80, targetPort: 65536}]}", "mutation.upgrades[0].targetPort: want a port from 1 to 65535, got 65536"},
		"upgrade to itself":   {head + "mutation: {upgrades: [{port: 80, targetPort: 80}]}", "nothing would change"},
		"upgraded twice":      {head + "mutation: {upgrades: [{port: 80, targetPort: 443}, {port: 80, targetPort: 8443}]}", "mutation.upgrades[1].port: 80 is upgraded twice"},
		"no hosts":            {head + "mutation: {origination: [{tls: {mode: SIMPLE}}]}", "mutation.origination[0].hosts: want at least one"},
		"bad host":            {head + "mutation: {origination: [{hosts: ['a*b'], tls: {mode: SIMPLE}}]}", `mutation.origination[0].hosts[0]: "a*b"`},
		"mode DISABLE":        {head + "mutation: {origination: [{hosts: ['*'], tls: {mode: DISABLE}}]}", "mutation.origination[0].tls.mode: want one of"},
		"no certificate":      {head + "mutation: {origination: [{hosts: ['*'], tls: {mode: MUTUAL, clientCertificate: /c}}]}", "mutation.origination[0].tls: MUTUAL without credentialName, or clientCertificate and privateKey"},
		"no mode":             {head + "mutation: {origination: [{hosts: ['*'], tls: {sni: x}}]}", "tls.mode: want one of SIMPLE, MUTUAL, ISTIO_MUTUAL, got nothing"},
		"unknown action":      {head + "policies: {double-tls: {action: block}}", `policies.double-tls.action: want one of deny, warn, audit, off, got "block"`},
		"bad policy id":       {head + "policies: {Double_TLS: {action: deny}}", "policies.Double_TLS"},
		"bad namespace":       {head + "policies: {double-tls: {action: deny, namespaces: ['a b']}}", "policies.double-tls.namespaces[0]"},
		"exemption no reason": {head + "exemptions: [{policy: double-tls, expires: 2027-01-01}]", "exemptions[0].reason: an exemption needs a reason"},
		"exemption no end":    {head + "exemptions: [{policy: double-tls, reason: x}]", "exemptions[0].expires: an exemption needs its last day"},
		"bad date":            {head + "exemptions: [{policy: double-tls, reason: x, expires: soon}]", `exemptions[0].expires: want a day as 2027-01-31, got "soon"`},
		"date a number":       {head + "exemptions: [{policy: double-tls, reason: x, expires: 2027}]", "want a day as 2027-01-31, got 2027"},
		"bad root namespace":  {head + "mesh: {rootNamespace: Istio_System}", "mesh.rootNamespace"},
		"no date":             {head + "exemptions: [{policy: double-tls, reason: x, expires: null}]", "exemptions[0].expires: an exemption needs its last day"},
		"exempt policy id":    {head + "exemptions: [{policy: A, reason: x, expires: 2027-01-01}]", `exemptions[0].policy: "A" is not a policy id`},
		"exempt host":         {head + "exemptions: [{policy: a, hosts: ['a*b'], reason: x, expires: 2027-01-01}]", "exemptions[0].hosts[0]"},
		"exempt namespace":    {head + "exemptions: [{policy: a, namespaces: [A], reason: x, expires: 2027-01-01}]", "exemptions[0].namespaces[0]"},
		"bad trust domain":    {head + "mesh: {trustDomain: 'a..b'}", `mesh.trustDomain: "a..b" is not a trust domain`},
		"bad cluster domain":  {head + "mesh: {clusterDomain: 'a b'}", `mesh.clusterDomain: "a b" is not a domain`},
		"a mapping for text":  {head + "mesh: {trustDomain: {a: b}}", "mesh.trustDomain: want a string, got a mapping"},
		"memory a text":       {head + "evaluation: {memoryMiB: much}", `evaluation.memoryMiB: want a whole number of 0 or more, got "much"`},
		"bad revision":        {head + "mesh: {revision: A}", `mesh.revision: "A" is not a revision`},
		"an address alone":    {head + "mesh: {internalAddresses: [10.0.0.1]}", `mesh.internalAddresses[0]: "10.0.0.1" is not a range of addresses`},
		"gateway's namespace": {head + "mesh: {ingressGateways: [{namespace: A, labels: {a: b}}]}", `mesh.ingressGateways[0].namespace: "A" is not a namespace`},
		"gateway's labels":    {head + "mesh: {ingressGateways: [{namespace: a}]}", "mesh.ingressGateways[0].labels: want the labels"},
		"a second document":   {head + "---\n" + head, "want one document, and here begins another"},
		"a broken second one": {head + "---\nstrict: {", "line 4"},
		"what becomes of old": {head + "mutation: {existing: complet}", `mutation.existing: want report or complete, got "complet"`},
		"bad trust alias":     {head + "mesh: {trustDomainAliases: ['spiffe://x']}", "mesh.trustDomainAliases[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig([]byte(tc.yaml))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v\nwant it to hold %q", err, tc.want)
			}
		})
	}
}

func TestAllFindingsAtOnce(t *testing.T) {
	_, err := ParseConfig([]byte(head + "policies: {one: {action: x}, two: {action: z}}"))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two findings, got %v", err)
	}
}

// YAML 1.1 reads a bare off as false.
func TestActionOffNeedsNoQuotes(t *testing.T) {
	c, err := ParseConfig([]byte(head + "policies: {double-tls: {action: off}}"))
	if err != nil || c.Policies["double-tls"].Action != Off {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestDate(t *testing.T) {
	var d Date
	if err := json.Unmarshal([]byte(`"2027-01-01"`), &d); err != nil {
		t.Fatal(err)
	}
	if d.Over(time.Date(2027, 1, 1, 23, 59, 59, 0, time.UTC)) {
		t.Error("over before its midnight")
	}
	if !d.Over(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)) {
		t.Error("not over at midnight after it")
	}
	if raw, _ := json.Marshal(d); string(raw) != `"2027-01-01"` {
		t.Errorf("written as %s", raw)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "mutation: {upgrades: [{port: 8080, targetPort: 8443}]}"))
	f.Add([]byte(head + "exemptions: [{policy: a, reason: x, expires: 2027-01-01}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := ParseConfig(raw)
		if err != nil {
			return
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("accepted but cannot be written: %v", err)
		}
		if _, err := ParseConfig(again); err != nil {
			t.Fatalf("accepted, but not what it was written as: %v\n%s", err, again)
		}
	})
}
