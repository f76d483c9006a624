package policies

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

func TestParamsAreHeldAgainstTheirSchema(t *testing.T) {
	for name, tc := range map[string]struct {
		params map[string]any
		want   string
	}{
		"none":         {nil, ""},
		"known":        {map[string]any{"missing-principals": map[string]any{"acceptNamespaces": true}}, ""},
		"of no policy": {map[string]any{"missing-principal": map[string]any{}}, `params: there is no policy "missing-principal" (known: any-principal, `},
		"misspelt": {map[string]any{"missing-principals": map[string]any{"acceptNamespace": true}},
			"params: missing-principals: Additional property acceptNamespace is not allowed"},
		"of another type": {map[string]any{"missing-principals": map[string]any{"acceptNamespaces": "yes"}},
			"params: missing-principals.acceptNamespaces: Invalid type. Expected: boolean, given: string"},
	} {
		_, err := New(t.Context(), &v1alpha1.Config{Params: tc.params})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

// withSchema returns a policy of a user's with a schema for its parameters.
func withSchema(schema string) Files {
	return Files{"mine.rego": strings.Replace(own("mine", `violation contains {"message": "no"} if data.params.mine.hosts`),
		"# custom:", "# schemas:\n#   - data.params.mine: "+schema+"\n# custom:", 1)}
}

func TestParamsAreHeldAgainstThePolicysOwnSchema(t *testing.T) {
	const hosts = "{type: object, properties: {hosts: {type: array, items: {type: string}}}}"
	for name, tc := range map[string]struct {
		schema, params, want string
	}{
		"as it says":             {hosts, "{mine: {hosts: [a]}}", ""},
		"none":                   {hosts, "{}", ""},
		"misspelt":               {hosts, "{mine: {host: [a]}}", "params: mine: Additional property host is not allowed (mine.rego)"},
		"of another type":        {hosts, "{mine: {hosts: '*.a'}}", "params: mine.hosts: Invalid type. Expected: array, given: string (mine.rego)"},
		"no mapping":             {hosts, "{mine: [a]}", "params: mine: Invalid type. Expected: object, given: array"},
		"of a misspelt policy":   {hosts, "{mien: {hosts: [a]}}", `params: there is no policy "mien"`},
		"more, where it may be":  {"{type: object, additionalProperties: true, properties: {hosts: {}}}", "{mine: {more: 1}}", ""},
		"misspelt further down":  {"{type: object, properties: {hosts: {type: array, items: {type: object, properties: {name: {}}}}}}", "{mine: {hosts: [{nme: a}]}}", "params: mine.hosts.0: Additional property nme is not allowed"},
		"missing":                {"{type: object, required: [hosts], properties: {hosts: {}}}", "{}", "params: mine: hosts is required (mine.rego)"},
		"missing, and it is off": {"{type: object, required: [hosts], properties: {hosts: {}}}", "{}", ""},
	} {
		cfg := &v1alpha1.Config{}
		if err := yaml.Unmarshal([]byte(tc.params), &cfg.Params); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "off") {
			cfg.Policies = map[string]v1alpha1.PolicyConfig{"mine": {Action: v1alpha1.Off}}
		}
		_, err := New(t.Context(), cfg, withSchema(tc.schema))
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

// A server reads ConfigMaps only once it runs: until then its Config may name what they will bring.
func TestAConfigMayNamePoliciesThatAreToCome(t *testing.T) {
	cfg := &v1alpha1.Config{Params: map[string]any{"mine": map[string]any{"hosts": []any{"a"}}},
		Policies: map[string]v1alpha1.PolicyConfig{"mine": {Action: v1alpha1.Warn}}}
	feed := &MemorySource{}
	r, err := NewReloader(t.Context(), cfg, feed)
	if err != nil {
		t.Fatal(err)
	}
	feed.Set(nil)
	if _, err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), `policies.mine: there is no policy "mine"`) {
		t.Errorf("once all is read: got %v", err)
	}
	feed.Set(withSchema("{type: object, properties: {hosts: {}}}"))
	if _, err := r.Refresh(t.Context()); err != nil {
		t.Errorf("with the policy: %v", err)
	}
}

func TestADirectoryWithoutPoliciesIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := New(t.Context(), nil, Dir(dir)); err == nil || !strings.Contains(err.Error(), dir+" has no .rego file") {
		t.Errorf("got %v", err)
	}
}

func configSchema(t *testing.T) map[string]any {
	t.Helper()
	text, err := published.ReadFile("schemas/config.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// What the program reads and what its schema describes are the same files.
func TestTheConfigSchemaAgreesWithTheProgram(t *testing.T) {
	const head = "apiVersion: tlsward.io/v1alpha1\nkind: Config\n"
	for _, text := range []string{
		"", "strict: true", "mesh: {rootNamespace: istio-config}", "mutation: {upgrades: [{port: 80, targetPort: 443}]}",
		"policies: {double-tls: {action: deny, namespaces: [payments]}}", "policies: {double-tls: {action: refuse}}",
		"policies: {double-tls: {}}", "exemptions: [{policy: double-tls, reason: x, expires: 2027-01-01}]",
		"exemptions: [{policy: double-tls, reason: x, expires: tomorrow}]", "exemptions: [{policy: double-tls, reason: x}]",
		"exemptions: [{policy: double-tls, reason: '', expires: 2027-01-01}]", "params: {mine: {x: 1}}", "evaluation: {timeout: 100ms}",
		"evaluation: {onError: audit}", "evaluation: {time: 1s}", "Strict: true", "mutation: {origination: [{hosts: ['*'], tls: {mode: SIMPLE}}]}",
		"mutation: {origination: [{tls: {mode: SIMPLE}}]}", "mutation: {upgrades: [{port: 0, targetPort: 443}]}",
		"mesh: {meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}", "mesh: {meshConfig: 1}", "mesh: {meshconfig: {}}",
		"mesh: {rootNamespace: Istio}", "mesh: {trustDomain: a_b.c}", "mesh: {trustDomain: a..b}", "mesh: {trustDomainAliases: [a b]}",
		"mesh: {ingressGateways: [{namespace: a, labels: {app: b}}]}", "mesh: {ingressGateways: [{namespace: a, labels: {}}]}",
		"mesh: {ingressGateways: [{namespace: a}]}", "mesh: {revision: canary, istioVersion: '1.30'}", "mesh: {revision: A}",
		"policies: {double-tls: {action: off}}", "policies: {double-tls: {action: true}}", "policies: {Double: {action: deny}}",
		"policies: {double-tls: {action: deny, namespaces: ['*']}}", "policies: {double-tls: {action: deny, hosts: [a]}}",
		"exemptions: [{policy: double-tls, reason: ' ', expires: 2027-01-01}]", "exemptions: [{policy: double-tls, hosts: ['a*'], reason: x, expires: 2027-01-01}]",
		"exemptions: [{policy: double-tls, namespaces: [a], hosts: ['*', '*.a.b'], reason: x, expires: 2027-01-01}]",
		"mutation: {origination: [{hosts: [], tls: {mode: SIMPLE}}]}", "mutation: {origination: [{hosts: [a], tls: {mode: DISABLE}}]}",
		"mutation: {origination: [{hosts: [a], tls: {sni: b}}]}", "mutation: {origination: [{hosts: [a], tls: {mode: MUTUAL, SNI: b}}]}",
		"mutation: {upgrades: []}", "mutation: {upgrades: [{port: 80}]}", "evaluation: {onError: warn, memoryMiB: 64, allow: [time.now_ns]}",
		"evaluation: {memoryMiB: 0}", "evaluation: {memoryMiB: 31}", "evaluation: {timeout: 5}", "evaluation: {timeout: soon}",
	} {
		_, parsed := v1alpha1.ParseConfig([]byte(head + text + "\n"))
		var document any
		if err := yaml.Unmarshal([]byte(head+text+"\n"), &document); err != nil {
			t.Fatal(err)
		}
		if err := validateAgainstSchema(t.Context(), document, configSchema(t)); (err == nil) != (parsed == nil) {
			t.Errorf("%s: the schema says %v, the program says %v", text, err, parsed)
		}
	}
}
