package structural

import (
	"bytes"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestPruneTellsWhatItDrops(t *testing.T) {
	const (
		entry   = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
		rule    = "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\n"
		service = "apiVersion: v1\nkind: Service\n"
	)
	tests := []tellCase{
		{"nothing unknown", entry + "metadata: {name: a, labels: {x: y}}\nspec: {hosts: [a], ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}\nstatus: {}", nil},
		{"a misspelt field", entry + "spec: {hots: [a]}", []string{"unknown field spec.hots (did you mean hosts?)"}},
		{"in a list", entry + "spec: {ports: [{number: 80}, {nam: http}]}", []string{"unknown field spec.ports[1].nam (did you mean name?)"}},
		{"in another case", rule + "spec: {trafficpolicy: {}}", []string{"unknown field spec.trafficpolicy (did you mean trafficPolicy?)"}},
		{"by its name in the definition", entry + "spec: {ports: [{number: 80, target_port: 443}]}", []string{"unknown field spec.ports[0].target_port (did you mean targetPort?)"}},
		{"a longer one", rule + "spec: {trafficPolicy: {tls: {mode: SIMPLE, subject_alt_names: [a]}}}", []string{"unknown field spec.trafficPolicy.tls.subject_alt_names (did you mean subjectAltNames?)"}},
		{"at a wrong place", rule + "spec: {tls: {mode: SIMPLE}}", []string{"unknown field spec.tls (did you mean trafficPolicy.tls?)"}},
		{"like nothing", rule + "spec: {frobnicate: 1}", []string{"unknown field spec.frobnicate"}},
		{"of the root and of the metadata", rule + "metdata: {}\nmetadata: {lables: {a: b}}", []string{"unknown field metadata.lables (did you mean labels?)", "unknown field metdata (did you mean metadata?)"}},
		{"keys of a map", entry + "spec: {endpoints: [{address: a, ports: {http: 80}, labels: {hots: x}}]}", nil},
		{"what is free", "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nspec: {configPatches: [{patch: {value: {anything: {goes: 1}}}, mach: {}}]}",
			[]string{"unknown field spec.configPatches[0].mach (did you mean match?)"}},
		{"of the Gateway API", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {hostname: [a], rules: [{backendRefs: [{name: a, port: 80}]}]}",
			[]string{"unknown field spec.hostname (did you mean hostnames?)"}},
		{"of Kubernetes", service + "metadata: {creationTimestamp: null}\nspec: {ports: [{port: 80, targetPort: http, potocol: TCP}], externalname: a}",
			[]string{"unknown field spec.externalname (did you mean externalName?)", "unknown field spec.ports[0].potocol (did you mean protocol?)"}},
		{"quantities and inlined fields", "apiVersion: v1\nkind: Pod\nspec: {volumes: [{name: a, emptyDir: {sizeLimit: 1Gi}}], containers: [{name: a, imgae: b, resources: {limits: {cpu: 1}}}]}",
			[]string{"unknown field spec.containers[0].imgae (did you mean image?)"}},
		{"a value of the wrong type", entry + "spec: {hosts: {a: b}, ports: 3}", nil},
		{"a kind that is not known", "apiVersion: example.com/v1\nkind: A\nspec: {x: 1}", nil},
	}
	told(t, tests, func(apiVersion, kind string, raw []byte) ([]Unknown, error) {
		_, found, err := Prune(apiVersion, kind, raw)
		return found, err
	})
}

// What is pruned is what would be stored: nothing else is lost, and nothing that is free.
func TestPrune(t *testing.T) {
	const entry = `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a","labels":{"x_y":"z"}},"spec":{`
	for name, c := range map[string]struct{ kind, object, want string }{
		"nothing to drop": {"ServiceEntry", entry + ` "hosts": ["a"] }}`, entry + ` "hosts": ["a"] }}`},
		"in a list":       {"ServiceEntry", entry + `"ports":[{"number":80,"target_port":443}]}}`, entry + `"ports":[{"number":80}]}}`},
		"a large number":  {"ServiceEntry", entry + `"hots":1},"status":{"observedGeneration":9007199254740993}}`, entry + `},"status":{"observedGeneration":9007199254740993}}`},
		"what is free": {"EnvoyFilter", `{"apiVersion":"networking.istio.io/v1alpha3","kind":"EnvoyFilter","spec":{"config_patches":1,"configPatches":[{"patch":{"value":{"transport_socket":{}}}}]}}`,
			`{"apiVersion":"networking.istio.io/v1alpha3","kind":"EnvoyFilter","spec":{"configPatches":[{"patch":{"value":{"transport_socket":{}}}}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			pruned, _, err := Prune("networking.istio.io/v1", c.kind, []byte(c.object))
			if err != nil || !bytes.Equal(normal(t, pruned), normal(t, []byte(c.want))) {
				t.Errorf("have %s (%v), want %s", pruned, err, c.want)
			}
		})
	}
	if _, _, err := Prune("v1", "Service", []byte(`{`)); err == nil {
		t.Error("what is no JSON is pruned")
	}
}

// normal returns JSON as yaml.JSONToYAML writes it: with keys in order.
func normal(t *testing.T, raw []byte) []byte {
	t.Helper()
	out, err := yaml.JSONToYAML(raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
