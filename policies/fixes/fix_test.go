package fixes_test

import (
	"reflect"
	"testing"

	"github.com/tlsward/tlsward/internal/jsonpath"
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
	r := fixes.Renderer{Find: stored}
	for name, c := range map[string]struct{ fix, want string }{
		"sets, removes and adds": {
			"# Or do something else.\n# in DestinationRule default/rule\nspec.trafficPolicy.tls.mode: SIMPLE\nspec.trafficPolicy.tls.sni: null\nspec.trafficPolicy.portLevelSettings[+]: {port: {number: 80}}\nmetadata.labels[a.b/c]: d\n",
			"# Or do something else.\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  labels:\n    a.b/c: d\n  name: rule\n  namespace: default\nspec:\n  host: edition.cnn.com\n  trafficPolicy:\n    portLevelSettings:\n    - port:\n        number: 80\n    tls:\n      mode: SIMPLE\n",
		},
		"changes two objects": {
			"# Apply both.\n# in DestinationRule default/rule\n" + `{"spec.trafficPolicy":null}` + "\n---\n" + `{"kind":"Gateway"}` + "\n",
			"# Apply both.\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: rule\n  namespace: default\nspec:\n  host: edition.cnn.com\n---\nkind: Gateway\n",
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
			have, err := r.Render(c.fix)
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
			if have, err := r.Render(fix); err == nil || have != fix {
				t.Errorf("have %q, %v", have, err)
			}
		})
	}
}

// What is no change is laid out as YAML, and otherwise left as its policy wrote it.
func TestRenderLaysOut(t *testing.T) {
	r := fixes.Renderer{Find: func(_, _, _ string) map[string]any { return nil }}
	for name, c := range map[string]struct{ fix, want string }{
		"JSON":                          {"# Add it.\n{\"kind\":\"DestinationRule\",\"spec\":{\"host\":\"a\"}}", "# Add it.\nkind: DestinationRule\nspec:\n  host: a\n"},
		"a change of what is not known": {"# in DestinationRule default/rule\n{\"spec.host\":\"a\"}", "# in DestinationRule default/rule\nspec.host: a\n"},
		"a header that names nothing":   {"# in the end\n", "# in the end\n"},
		"a header without a name":       {"# in DestinationRule\nspec.host: a\n", "# in DestinationRule\nspec.host: a\n"},
		"nothing":                       {"", ""},
	} {
		if have, err := r.Render(c.fix); err != nil || have != c.want {
			t.Errorf("%s: have %q (%v), want %q", name, have, err, c.want)
		}
	}
	for _, fix := range []string{"{\"kind\":", "# in DestinationRule default/rule\nspec: [\n"} {
		if have, err := r.Render(fix); err == nil || have != fix {
			t.Errorf("%q: have %q, %v", fix, have, err)
		}
	}
}

// A Gateway of the Gateway API is told by its group.
func TestParseKubernetesGateway(t *testing.T) {
	c, ok, err := fixes.Parse("# in Gateway (gateway.networking.k8s.io) shop/egress\nspec.listeners[0].protocol: HTTPS\n")
	if err != nil || !ok || c.Kind != "KubernetesGateway" || c.Namespace != "shop" || c.Name != "egress" {
		t.Errorf("have %+v, %v, %v", c, ok, err)
	}
}

func TestParse(t *testing.T) {
	c, ok, err := fixes.Parse("# First.\n# in Namespace shop\n# Last.\nmetadata.labels[a/b]: c\nspec: null\n")
	if err != nil || !ok || c.Kind != "Namespace" || c.Namespace != "" || c.Name != "shop" {
		t.Errorf("have %+v, %v, %v", c, ok, err)
	}
	if len(c.Comments) != 2 || c.Comments[0] != "First." || c.Comments[1] != "Last." {
		t.Errorf("comments %q", c.Comments)
	}
	if value, named := c.Fields["spec"]; len(c.Fields) != 2 || c.Fields["metadata.labels[a/b]"] != "c" || value != nil || !named {
		t.Errorf("fields %v", c.Fields)
	}
	if _, ok, err := fixes.Parse("# in Namespace shop\n"); ok || err != nil {
		t.Errorf("a change of nothing: %v, %v", ok, err)
	}
}

func TestApply(t *testing.T) {
	rule := func() map[string]any {
		return map[string]any{"spec": map[string]any{"subsets": []any{map[string]any{"name": "v1"}, map[string]any{"name": "v2"}},
			"trafficPolicy": map[string]any{"connectionPool": map[string]any{"tcp": map[string]any{}}}}}
	}
	entry := func(number any) map[string]any { return map[string]any{"port": map[string]any{"number": number}} }
	const added = "spec.trafficPolicy.portLevelSettings[+]"
	for name, c := range map[string]struct {
		field string
		value any
		at    jsonpath.Path
		want  any
	}{
		"sets a field":                {"spec.host", "a", jsonpath.Path{"spec", "host"}, "a"},
		"removes an element":          {"spec.subsets[0]", nil, jsonpath.Path{"spec", "subsets"}, []any{map[string]any{"name": "v2"}}},
		"removes nothing":             {"spec.a.b", nil, jsonpath.Path{"spec", "a"}, nil},
		"inherits for any number":     {added, entry(80.0), jsonpath.Path{"spec", "trafficPolicy", "portLevelSettings", 0, "connectionPool", "tcp"}, map[string]any{}},
		"inherits for an integer":     {added, entry(int64(80)), jsonpath.Path{"spec", "trafficPolicy", "portLevelSettings", 0, "connectionPool", "tcp"}, map[string]any{}},
		"inherits in a subset too":    {"spec.subsets[1].trafficPolicy.portLevelSettings[+]", entry(80), jsonpath.Path{"spec", "subsets", 1, "trafficPolicy", "portLevelSettings", 0, "connectionPool", "tcp"}, map[string]any{}},
		"an entry without a port":     {added, map[string]any{}, jsonpath.Path{"spec", "trafficPolicy", "portLevelSettings", 0}, map[string]any{}},
		"an entry that is no object":  {added, "x", jsonpath.Path{"spec", "trafficPolicy", "portLevelSettings", 0}, "x"},
		"another list is left as is":  {"spec.exportTo[+]", ".", jsonpath.Path{"spec", "exportTo"}, []any{"."}},
		"a list at the top of a rule": {"portLevelSettings[+]", entry(80), jsonpath.Path{"portLevelSettings", 0}, entry(80)},
	} {
		t.Run(name, func(t *testing.T) {
			before := rule()
			after, err := fixes.Change{Fields: map[string]any{c.field: c.value}}.Apply(before)
			if have := jsonpath.Get(after, c.at); err != nil || !reflect.DeepEqual(have, c.want) {
				t.Errorf("have %v (%v), want %v", have, err, c.want)
			}
			if !reflect.DeepEqual(before, rule()) {
				t.Errorf("the object was changed: %v", before)
			}
		})
	}
	if after, err := (fixes.Change{Fields: map[string]any{"": "x"}}).Apply(rule()); err == nil {
		t.Errorf("no field: have %v", after)
	}
}

// Where the mesh's default keeps rules in their namespace, a new one says that it is for all.
func TestRenderExportsNewRules(t *testing.T) {
	r := fixes.Renderer{Find: func(_, _, _ string) map[string]any { return nil }, PrivateRules: true}
	for name, c := range map[string]struct{ fix, want string }{
		"a new rule":            {`{"kind":"DestinationRule","spec":{"host":"a"}}`, "kind: DestinationRule\nspec:\n  exportTo:\n  - '*'\n  host: a\n"},
		"a private one":         {`{"kind":"DestinationRule","spec":{"exportTo":["."]}}`, "kind: DestinationRule\nspec:\n  exportTo:\n  - .\n"},
		"one that selects pods": {`{"kind":"DestinationRule","spec":{"workloadSelector":{}}}`, "kind: DestinationRule\nspec:\n  workloadSelector: {}\n"},
		"another kind":          {`{"kind":"Gateway","spec":{}}`, "kind: Gateway\nspec: {}\n"},
	} {
		if have, err := r.Render(c.fix); err != nil || have != c.want {
			t.Errorf("%s: have %q (%v), want %q", name, have, err, c.want)
		}
	}
}
