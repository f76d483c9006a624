package fixes_test

import (
	"testing"

	"github.com/tlsward/tlsward/policies/fixes"
)

const subsetOfPooled = "  subsets:\n  - name: v1\n    trafficPolicy:\n      loadBalancer: subset\n"

func TestRender(t *testing.T) {
	pooled := map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
		"metadata": map[string]any{"name": "pooled", "namespace": "default"},
		"spec": map[string]any{
			"trafficPolicy": map[string]any{
				"connectionPool": "top", "loadBalancer": "top",
				"portLevelSettings": []any{map[string]any{"port": map[string]any{"number": float64(81)}, "outlierDetection": "port"}},
			},
			"subsets": []any{map[string]any{"name": "v1", "trafficPolicy": map[string]any{"loadBalancer": "subset"}}},
		},
	}
	stored := func(kind, namespace, name string) map[string]any {
		if name == "pooled" {
			return pooled
		}
		if kind != "DestinationRule" || namespace != "default" || name != "rule" {
			return nil
		}
		return map[string]any{
			"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
			"metadata": map[string]any{
				"name": "rule", "namespace": "default", "uid": "1", "managedFields": []any{},
				"annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": "{}"},
			},
			"spec": map[string]any{
				"host":          "edition.cnn.com",
				"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE", "sni": "x"}},
			},
			"status": map[string]any{},
		}
	}
	for name, c := range map[string]struct{ fix, want string }{
		"sets, removes and adds": {
			"# Or do something else.\n# in DestinationRule default/rule\nspec.trafficPolicy.tls.mode: SIMPLE\nspec.trafficPolicy.tls.sni: null\nspec.trafficPolicy.portLevelSettings[+]: {port: {number: 80}}\nmetadata.labels[a.b/c]: d\n",
			"# Or do something else.\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  labels:\n    a.b/c: d\n  name: rule\n  namespace: default\nspec:\n  host: edition.cnn.com\n  trafficPolicy:\n    portLevelSettings:\n    - port:\n        number: 80\n    tls:\n      mode: SIMPLE\n",
		},
		"a new entry repeats what the port had": {
			"# in DestinationRule default/pooled\n" + `{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"mode":"SIMPLE"}}}`,
			"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: pooled\n  namespace: default\nspec:\n" + subsetOfPooled +
				"  trafficPolicy:\n    connectionPool: top\n    loadBalancer: top\n    portLevelSettings:\n    - outlierDetection: port\n      port:\n        number: 81\n" +
				"    - connectionPool: top\n      loadBalancer: top\n      port:\n        number: 80\n      tls:\n        mode: SIMPLE\n",
		},
		"a subset's entry repeats what the rule said of the port": {
			"# in DestinationRule default/pooled\n" + `{"spec.subsets[0].trafficPolicy.portLevelSettings[+]":{"port":{"number":81},"tls":{"mode":"SIMPLE"}}}`,
			"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: pooled\n  namespace: default\nspec:\n" +
				"  subsets:\n  - name: v1\n    trafficPolicy:\n      loadBalancer: subset\n      portLevelSettings:\n      - loadBalancer: subset\n        outlierDetection: port\n        port:\n          number: 81\n        tls:\n          mode: SIMPLE\n" +
				"  trafficPolicy:\n    connectionPool: top\n    loadBalancer: top\n    portLevelSettings:\n    - outlierDetection: port\n      port:\n        number: 81\n",
		},
		"another object is left as it is": {"# in DestinationRule default/other\nspec: {}\n", "# in DestinationRule default/other\nspec: {}\n"},
		"words alone":                     {"# Delete it.\n", "# Delete it.\n"},
		"an object of its own":            {"kind: DestinationRule\n", "kind: DestinationRule\n"},
	} {
		t.Run(name, func(t *testing.T) {
			have, err := fixes.Render(c.fix, stored)
			if err != nil || have != c.want {
				t.Errorf("have\n%s(%v)\nwant\n%s", have, err, c.want)
			}
		})
	}
	for name, fix := range map[string]string{
		"an element that is not there": "# in DestinationRule default/rule\nspec.subsets[3].name: a\n",
		"a key of a scalar":            "# in DestinationRule default/rule\nspec.host.name: a\n",
		"no path":                      "# in DestinationRule default/rule\n'spec..[': a\n",
	} {
		t.Run(name, func(t *testing.T) {
			if have, err := fixes.Render(fix, stored); err == nil || have != fix {
				t.Errorf("have %q, %v", have, err)
			}
		})
	}
}
