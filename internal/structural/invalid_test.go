package structural

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	const (
		entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\n"
		rule  = "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: a}\n"
		route = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n"
		https = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\n"
	)
	tests := []tellCase{
		{"nothing wrong", entry + "spec: {hosts: [a.example, '*.b.example'], ports: [{number: 80, name: http, targetPort: 443}], resolution: DNS}", nil},
		{"no spec", entry, []string{"spec is missing"}},
		{"a policy may have none", "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}", nil},
		{"no name", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nspec: {hosts: [a]}", []string{"metadata.name is missing"}},
		{"a name that the API server makes", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {generateName: a-}\nspec: {hosts: [a]}", nil},
		{"a status, which is written at a subresource", https + "spec: {}\nstatus: {parents: null}", nil},
		{"no such name", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: A_b}\nspec: {hosts: [a]}",
			[]string{`metadata.name: want lower case letters, digits, '-' and '.', have "A_b"`}},
		{"no hosts", entry + "spec: {resolution: DNS}", []string{"spec.hosts is missing"}},
		{"null is none", entry + "spec: {hosts: null, ports: null}", []string{"spec.hosts is missing"}},
		{"no host", entry + "spec: {hosts: []}", []string{"spec.hosts is empty"}},
		{"a text for a list", entry + "spec: {hosts: a}", []string{`spec.hosts: want a list, have the text "a"`}},
		{"a list for fields", rule + "spec: {host: a, trafficPolicy: []}", []string{"spec.trafficPolicy: want fields, have a list"}},
		{"a number for a text", entry + "spec: {hosts: [3]}", []string{"spec.hosts[0]: want a text, have the number 3"}},
		{"a text for a number", entry + "spec: {hosts: [a], ports: [{number: '80', name: a}]}", []string{`spec.ports[0].number: want a whole number, have the text "80"`}},
		{"a text for a truth value", rule + "spec: {host: a, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: 'no'}}}",
			[]string{`spec.trafficPolicy.tls.insecureSkipVerify: want true or false, have the text "no"`}},
		{"fractions", entry + "spec: {hosts: [a], ports: [{number: 80.5, name: a}, {number: 80.0, name: b}]}",
			[]string{"spec.ports[0].number: want a whole number, have the number 80.5"}},
		{"no port", entry + "spec: {hosts: [a], ports: [{number: 80, name: a}, {name: b}]}", []string{"spec.ports[1].number is missing"}},
		{"no such ports", entry + "spec: {hosts: [a], ports: [{number: 0, name: a, targetPort: 70000}]}",
			[]string{"spec.ports[0].number: want 1 to 65535, have 0", "spec.ports[0].targetPort: want 1 to 65535, have 70000"}},
		{"no value of the enum", rule + "spec: {host: a, trafficPolicy: {tls: {mode: simple}}}",
			[]string{`spec.trafficPolicy.tls.mode: "simple" is none of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL (did you mean SIMPLE?)`}},
		{"all hosts", entry + "spec: {hosts: ['*']}", []string{`spec.hosts[0]: "*" alone stands for no host here`}},
		{"URLs", entry + "spec: {hosts: ['https://a.example/v1', 'https://a.example', 'a.example:443', 'a.example/v1']}", []string{
			`spec.hosts[0]: "https://a.example/v1" is no host: want a name alone, a.example without https:// and /v1`,
			`spec.hosts[1]: "https://a.example" is no host: want a name alone, a.example without https://`,
			`spec.hosts[2]: "a.example:443" is no host: want a name alone, a.example without :443`,
			`spec.hosts[3]: "a.example/v1" is no host: want a name alone, a.example without /v1`}},
		{"a rule's host", rule + "spec: {host: 'a.example:443'}", []string{`spec.host: "a.example:443" is no host: want a name alone, a.example without :443`}},
		{"a route's address", route + "spec: {hosts: ['::1', 10.0.0.1], http: [{route: [{destination: {host: a}}]}]}", nil},
		{"a pattern", https + "spec: {hostnames: [A_b]}",
			[]string{`spec.hostnames[0]: "A_b" does not match ^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`}},
		{"what is filled in", https + "spec: {parentRefs: [{name: a}], rules: [{backendRefs: [{name: a, port: 80}]}]}", nil},
		{"what may be anything", "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a}\nspec: {configPatches: [{patch: {value: {a: [1, {b: c}]}}}]}", nil},
		{"a kind of Kubernetes", "apiVersion: v1\nkind: Service\nspec: {ports: 3}", nil},
	}
	told(t, tests, Validate)
	if _, err := Validate("networking.istio.io/v1", "ServiceEntry", []byte("{")); err == nil {
		t.Error("what is no JSON is valid")
	}
}

func TestFindKind(t *testing.T) {
	for object, want := range map[string]string{
		"networking.istio.io/v1 ServiceEntry":                "",
		"networking.istio.io/v1 WorkloadGroup":               "", // which the mesh does not read
		"telemetry.istio.io/v1 Telemetry":                    "",
		"gateway.networking.k8s.io/v1alpha2 BackendLBPolicy": "", // which it had
		"networking.istio.io/v1 Serviceentry":                "networking.istio.io/v1 has no kind Serviceentry (did you mean networking.istio.io/v1 ServiceEntry?)",
		"security.istio.io/v1 AuthorisationPolicy":           "security.istio.io/v1 has no kind AuthorisationPolicy (did you mean security.istio.io/v1 AuthorizationPolicy?)",
		"networking.istio.io/v2 DestinationRule":             "networking.istio.io/v2 has no kind DestinationRule (did you mean networking.istio.io/v1 DestinationRule?)",
		"networking.istio.io/v1beta2 ServiceEntry":           "networking.istio.io/v1beta2 has no kind ServiceEntry (did you mean networking.istio.io/v1 ServiceEntry?)",
		"networking.istio.io/v1 EnvoyFilter":                 "networking.istio.io/v1 has no kind EnvoyFilter (did you mean networking.istio.io/v1alpha3 EnvoyFilter?)",
		"networking.istio.io/v1 AuthorizationPolicy":         "networking.istio.io/v1 has no kind AuthorizationPolicy (did you mean security.istio.io/v1 AuthorizationPolicy?)",
		"networking.istio/v1 DestinationRule":                "networking.istio/v1 has no kind DestinationRule (did you mean networking.istio.io/v1 DestinationRule?)",
		"networking.istio.io/v1 Frobnicator":                 "networking.istio.io/v1 has no kind Frobnicator",
		"gateway.networking.k8s.io/v1 HTTPRoutes":            "gateway.networking.k8s.io/v1 has no kind HTTPRoutes (did you mean gateway.networking.k8s.io/v1 HTTPRoute?)",
		"gateway.networking.k8s.io/v2 HTTPRoute":             "gateway.networking.k8s.io/v2 has no kind HTTPRoute (did you mean gateway.networking.k8s.io/v1 HTTPRoute?)",
		"gateway.networking.k8s.io/v1alpha2 GRPCRoute":       "", // of an earlier Gateway API
		"gateway.networking.x-k8s.io/v1alpha1 XListenerSet":  "", // come and go
		"networking.k8s.io/v1 Ingress":                       "",
		"networking.k8s.io/v1 NetworkPolicy":                 "",
		"install.istio.io/v1alpha1 IstioOperator":            "",
		"v1 Service":                  "",
		"example.com/v1 ServiceEntry": "",
	} {
		apiVersion, kind, _ := strings.Cut(object, " ")
		unknown, err := FindKind(apiVersion, kind)
		got := ""
		if unknown != nil {
			got = unknown.String()
		}
		if err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", object, got, err, want)
		}
	}
}
