package istiod

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

func TestControlPlaneSettings(t *testing.T) {
	shared, own := json.RawMessage(`{"rootNamespace": "shared", "trustDomain": "shared", "trustDomainAliases": ["a"]}`), json.RawMessage(`{"trustDomain": "own", "trustDomainAliases": ["b"]}`)
	for name, c := range map[string]struct {
		found ControlPlane
		want  func(*mesh.Settings)
	}{
		"nothing is known": {want: func(*mesh.Settings) {}},
		"the shared MeshConfig first": {found: ControlPlane{Shared: shared, MeshConfig: own}, want: func(s *mesh.Settings) {
			s.RootNamespace, s.TrustDomain, s.TrustDomainAliases = "shared", "own", []string{"a", "b"}
		}},
		"its Deployment": {found: ControlPlane{Deployment: &Deployment{Version: "1.30.1", ClusterDomain: "corp.internal", Environment: map[string]string{"REVISION": "canary"}}},
			want: func(s *mesh.Settings) {
				s.Version, s.ClusterDomain, s.Revision = mesh.Version130, "corp.internal", "canary"
			}},
		"its flags": {found: ControlPlane{Deployment: &Deployment{ClusterDomain: "cluster.local", Environment: map[string]string{
			"ENABLE_ENHANCED_DESTINATIONRULE_MERGE": "false", "PILOT_SCOPE_GATEWAY_TO_NAMESPACE": "perhaps"}}},
			want: func(s *mesh.Settings) { s.Flags.MergeAnyExport = true }},
	} {
		t.Run(name, func(t *testing.T) {
			want := mesh.DefaultSettings()
			c.want(&want)
			if have, err := c.found.Settings(); err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("have %+v, %v\nwant %+v", have, err, want)
			}
		})
	}
	if _, err := (ControlPlane{MeshConfig: json.RawMessage(`{"rootNamespace": 1}`)}).Settings(); err == nil {
		t.Error("a MeshConfig that cannot be read is taken")
	}
}

func TestControlPlaneOutsideModel(t *testing.T) {
	c := ControlPlane{Deployment: &Deployment{MountedMeshConfig: "v"}, Shared: json.RawMessage(`{"proxyHttpPort": 15002}`),
		MeshConfig: json.RawMessage(`{"configSources": [{"address": "k8s://"}]}`)}
	if have := c.OutsideModel(); len(have) != 3 {
		t.Errorf("have %q", have)
	}
	if have := (ControlPlane{}).OutsideModel(); have != nil {
		t.Errorf("of what is not known: %q", have)
	}
}

func TestContradictions(t *testing.T) {
	meshConfig := ControlPlane{MeshConfig: json.RawMessage(`{"trustDomain": "theirs"}`)}
	deployed := ControlPlane{Deployment: &Deployment{Version: "1.30.0", ClusterDomain: "corp.internal", Environment: map[string]string{"REVISION": "canary"}}}
	for name, c := range map[string]struct {
		found ControlPlane
		ours  func(*mesh.Settings)
		want  []string
	}{
		"the same":                 {found: meshConfig, ours: func(*mesh.Settings) {}},
		"a field of MeshConfig":    {found: meshConfig, ours: func(s *mesh.Settings) { s.TrustDomain = "ours" }, want: []string{"trustDomain: ours, not theirs"}},
		"what is Istio's default":  {found: meshConfig, ours: func(s *mesh.Settings) { s.RootNamespace = "ours" }, want: []string{"rootNamespace: ours, not istio-system"}},
		"no MeshConfig is known":   {found: deployed, ours: func(s *mesh.Settings) { s.TrustDomain = "ours" }},
		"no Deployment is known":   {found: meshConfig, ours: func(s *mesh.Settings) { s.ClusterDomain, s.Revision, s.Version = "ours", "ours", mesh.Version130 }},
		"what the Deployment says": {found: deployed, ours: func(s *mesh.Settings) { s.ClusterDomain, s.Revision, s.Version = "ours", "", mesh.Version131 }, want: []string{"clusterDomain: ours, not corp.internal", "revision: default, not canary", "istioVersion: 1.31, not 1.30"}},
		"the default by its names": {found: ControlPlane{Deployment: &Deployment{Version: "1.31.1", ClusterDomain: "cluster.local"}}, ours: func(s *mesh.Settings) { s.Revision, s.Version = "default", "" }},
		"a version that is hidden": {found: ControlPlane{Deployment: &Deployment{ClusterDomain: "cluster.local"}}, ours: func(s *mesh.Settings) { s.Version = mesh.Version130 }},
	} {
		ours, err := c.found.Settings()
		if err != nil {
			t.Fatal(err)
		}
		c.ours(&ours)
		if have := c.found.Contradictions(ours); !slices.Equal(have, c.want) {
			t.Errorf("%s: have %q, want %q", name, have, c.want)
		}
	}
}
