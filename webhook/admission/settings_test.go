package admission

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

func TestMeshSettings(t *testing.T) {
	shared, own := json.RawMessage(`{"rootNamespace": "shared", "trustDomain": "shared"}`), json.RawMessage(`{"trustDomain": "own", "enableAutoMtls": false}`)
	for name, c := range map[string]struct {
		config  v1alpha1.Mesh
		cluster []json.RawMessage
		want    func(*mesh.Settings)
	}{
		"Istio's defaults": {want: func(*mesh.Settings) {}},
		"the cluster's, the later before": {cluster: []json.RawMessage{shared, own}, want: func(s *mesh.Settings) {
			s.RootNamespace, s.TrustDomain, s.NoAutoMTLS = "shared", "own", true
		}},
		"a configuration's meshConfig before them": {
			config:  v1alpha1.Mesh{MeshConfig: map[string]any{"trustDomain": "config", "enableAutoMtls": true}},
			cluster: []json.RawMessage{shared, own},
			want:    func(s *mesh.Settings) { s.RootNamespace, s.TrustDomain = "shared", "config" },
		},
		"its own fields before all": {
			config: v1alpha1.Mesh{TrustDomain: "field", MeshConfig: map[string]any{"trustDomain": "config", "rootNamespace": "config"}},
			want:   func(s *mesh.Settings) { s.RootNamespace, s.TrustDomain = "config", "field" },
		},
		"the version that is named":          {config: v1alpha1.Mesh{IstioVersion: "1.30"}, want: func(s *mesh.Settings) { s.Version = mesh.Version130 }},
		"what the cluster has that is newer": {cluster: []json.RawMessage{json.RawMessage(`{"new": {}}`)}, want: func(*mesh.Settings) {}},
	} {
		t.Run(name, func(t *testing.T) {
			want := mesh.DefaultSettings()
			c.want(&want)
			have, err := MeshSettings(c.config, c.cluster...)
			if err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("have %+v, %v\nwant %+v", have, err, want)
			}
		})
	}
}

func TestContradictions(t *testing.T) {
	cluster := json.RawMessage(`{"trustDomain": "theirs", "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}`)
	for name, c := range map[string]struct {
		config  v1alpha1.Mesh
		cluster []json.RawMessage
		want    []string
	}{
		"nothing said": {cluster: []json.RawMessage{cluster}},
		"the same":     {config: v1alpha1.Mesh{TrustDomain: "theirs", RootNamespace: "istio-system"}, cluster: []json.RawMessage{cluster}},
		"a field":      {config: v1alpha1.Mesh{TrustDomain: "ours"}, cluster: []json.RawMessage{cluster}, want: []string{"trustDomain: ours, not theirs"}},
		"what the cluster leaves to Istio's default": {config: v1alpha1.Mesh{RootNamespace: "ours"}, cluster: []json.RawMessage{cluster},
			want: []string{"rootNamespace: ours, not istio-system"}},
		"meshConfig": {config: v1alpha1.Mesh{MeshConfig: map[string]any{"outboundTrafficPolicy": map[string]any{"mode": "ALLOW_ANY"}}},
			cluster: []json.RawMessage{cluster}, want: []string{"outboundTrafficPolicy.mode: ALLOW_ANY, not REGISTRY_ONLY"}},
		"nothing to contradict": {config: v1alpha1.Mesh{TrustDomain: "ours"}},
	} {
		if have := Contradictions(c.config, c.cluster...); !reflect.DeepEqual(have, c.want) {
			t.Errorf("%s: have %q, want %q", name, have, c.want)
		}
	}
}

func TestMeshSettingsNameTheField(t *testing.T) {
	for want, config := range map[string]map[string]any{
		"mesh.meshConfig: rootNamespac: unknown field":                  {"rootNamespac": "x"},
		"mesh.meshConfig: read MeshConfig":                              {"enableAutoMtls": "perhaps"},
		"mesh.meshConfig: read MeshConfig: discoverySelectors[0]: oper": {"discoverySelectors": []any{map[string]any{"matchExpressions": []any{map[string]any{"key": "a", "operator": "Like"}}}}},
	} {
		if _, err := MeshSettings(v1alpha1.Mesh{MeshConfig: config}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("have %v, want %q", err, want)
		}
	}
}

func TestMeshSettingsKnowTheVersion(t *testing.T) {
	want := `mesh.istioVersion: tlsward does not know what Istio "1.9" does (known: ["1.30" "1.31"])`
	if _, err := MeshSettings(v1alpha1.Mesh{IstioVersion: "1.9"}); err == nil || err.Error() != want {
		t.Errorf("have %v, want %q", err, want)
	}
}
