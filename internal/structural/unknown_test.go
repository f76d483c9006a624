package structural

import (
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestFindUnknown(t *testing.T) {
	const (
		entry   = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
		rule    = "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\n"
		service = "apiVersion: v1\nkind: Service\n"
	)
	tests := []struct {
		name, object string
		want         []string
	}{
		{"nothing unknown", entry + "metadata: {name: a, labels: {x: y}}\nspec: {hosts: [a], ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}\nstatus: {}", nil},
		{"a misspelt field", entry + "spec: {hots: [a]}", []string{"unknown field spec.hots (did you mean hosts?)"}},
		{"in a list", entry + "spec: {ports: [{number: 80}, {nam: http}]}", []string{"unknown field spec.ports[1].nam (did you mean name?)"}},
		{"in another case", rule + "spec: {trafficpolicy: {}}", []string{"unknown field spec.trafficpolicy (did you mean trafficPolicy?)"}},
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
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw, err := yaml.YAMLToJSON([]byte(test.object))
			if err != nil {
				t.Fatal(err)
			}
			var head struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(raw, &head); err != nil {
				t.Fatal(err)
			}
			found, err := FindUnknown(head.APIVersion, head.Kind, raw)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range found {
				got = append(got, u.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
