package admission

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

func TestMeshSettings(t *testing.T) {
	cluster := mesh.DefaultSettings()
	cluster.RootNamespace, cluster.TrustDomain, cluster.NoAutoMTLS = "cluster", "cluster", true
	for name, c := range map[string]struct {
		config v1alpha1.Mesh
		want   func(*mesh.Settings)
	}{
		"the cluster's": {want: func(*mesh.Settings) {}},
		"a configuration's meshConfig before them": {
			config: v1alpha1.Mesh{MeshConfig: map[string]any{"trustDomain": "config", "enableAutoMtls": true}},
			want:   func(s *mesh.Settings) { s.TrustDomain, s.NoAutoMTLS = "config", false },
		},
		"its own fields before all": {
			config: v1alpha1.Mesh{TrustDomain: "field", MeshConfig: map[string]any{"trustDomain": "config", "rootNamespace": "config"}},
			want:   func(s *mesh.Settings) { s.RootNamespace, s.TrustDomain = "config", "field" },
		},
		"the version that is named": {config: v1alpha1.Mesh{IstioVersion: "1.30"}, want: func(s *mesh.Settings) { s.Version = mesh.Version130 }},
	} {
		t.Run(name, func(t *testing.T) {
			want := cluster
			c.want(&want)
			have, err := MeshSettings(c.config, cluster)
			if err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("have %+v, %v\nwant %+v", have, err, want)
			}
		})
	}
}

func TestMeshSettingsNameTheField(t *testing.T) {
	for want, config := range map[string]map[string]any{
		"mesh.meshConfig: rootNamespac: unknown field":                  {"rootNamespac": "x"},
		"mesh.meshConfig: read MeshConfig":                              {"enableAutoMtls": "perhaps"},
		"mesh.meshConfig: read MeshConfig: discoverySelectors[0]: oper": {"discoverySelectors": []any{map[string]any{"matchExpressions": []any{map[string]any{"key": "a", "operator": "Like"}}}}},
	} {
		if _, err := MeshSettings(v1alpha1.Mesh{MeshConfig: config}, mesh.DefaultSettings()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("have %v, want %q", err, want)
		}
	}
}

func TestMeshSettingsKnowTheVersion(t *testing.T) {
	want := `mesh.istioVersion: tlsward does not know what Istio "1.9" does (known: ["1.30" "1.31"])`
	if _, err := MeshSettings(v1alpha1.Mesh{IstioVersion: "1.9"}, mesh.DefaultSettings()); err == nil || err.Error() != want {
		t.Errorf("have %v, want %q", err, want)
	}
}

func TestOutsideModel(t *testing.T) {
	if have := OutsideModel(v1alpha1.Mesh{}); have != nil {
		t.Errorf("have %q", have)
	}
	have := OutsideModel(v1alpha1.Mesh{MeshConfig: map[string]any{"trustDomain": "td", "proxyHttpPort": 15002}})
	if len(have) != 1 || !strings.HasPrefix(have[0], "proxyHttpPort: ") {
		t.Errorf("have %q", have)
	}
}
