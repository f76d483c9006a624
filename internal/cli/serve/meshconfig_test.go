package serve

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

func TestClusterMeshConfigIsAwaited(t *testing.T) {
	m := newClusterMeshConfig("canary")
	if err := m.ready(); err != nil {
		t.Errorf("waits for one without a cluster: %v", err)
	}
	m.awaited = true
	if err := m.ready(); err == nil || err.Error() != "waiting for Istio's ConfigMap istio-canary" {
		t.Errorf("before it is known: %v", err)
	}
	m.fail(errors.New("forbidden"))
	if err := m.ready(); err == nil || err.Error() != "waiting for Istio's ConfigMap istio-canary: forbidden" {
		t.Errorf("while it cannot be read: %v", err)
	}
	m.set(istiod.ControlPlane{})
	if err := m.ready(); err != nil {
		t.Errorf("once it is known that there is none: %v", err)
	}
}

func TestClusterMeshConfigMoves(t *testing.T) {
	m := newClusterMeshConfig("")
	name, moved := m.wanted()
	m.want("default")
	select {
	case <-moved:
		t.Error("moved to the same ConfigMap")
	default:
	}
	m.want("canary")
	<-moved
	if next, _ := m.wanted(); name != "istio" || next != "istio-canary" {
		t.Errorf("from %s to %s", name, next)
	}
}

// What a ConfigMap says is in force once it is seen, below what the configuration says, and stays while a later one is broken.
func TestMeshConfigChanged(t *testing.T) {
	configMap := func(text string) *corev1.ConfigMap { return &corev1.ConfigMap{Data: map[string]string{"mesh": text}} }
	const contradiction = "Config goes before it: trustDomain: ours, not theirs"
	for _, c := range []struct {
		name                    string
		seen                    []*corev1.ConfigMap
		root                    string
		refused, warns, outside float64
		told                    string
	}{
		{name: "outside the model", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: ours, proxyHttpPort: 15002}")}, root: "mesh", outside: 1,
			told: "not followed: proxyHttpPort: "},
		{name: "none", seen: []*corev1.ConfigMap{nil}, root: "istio-system", told: "ConfigMap istio has none: Istio's defaults are taken"},
		{name: "without the key", seen: []*corev1.ConfigMap{{}}, root: "istio-system", told: "ConfigMap istio has none: Istio's defaults are taken"},
		{name: "one", seen: []*corev1.ConfigMap{configMap("rootNamespace: mesh")}, root: "mesh", warns: 1, told: "Config goes before it: trustDomain: ours, not cluster.local"},
		{name: "a contradiction", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: theirs}")}, root: "mesh", warns: 1, told: contradiction},
		{name: "no contradiction", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: ours}")}, root: "mesh"},
		{name: "broken at first", seen: []*corev1.ConfigMap{configMap("rootNamespace: [")}, root: "istio-system", refused: 1,
			told: `the last good one is in force; refused: ConfigMap istio-system/istio: key "mesh": `},
		{name: "broken later", seen: []*corev1.ConfigMap{configMap("{rootNamespace: mesh, trustDomain: ours}"), configMap("rootNamespace: 1")}, root: "mesh", refused: 1,
			told: "the last good one is in force; refused: ConfigMap istio-system/istio: read MeshConfig: "},
		{name: "mended", seen: []*corev1.ConfigMap{configMap("rootNamespace: 1"), configMap("{rootNamespace: mesh, trustDomain: ours}")}, root: "mesh"},
		{name: "gone", seen: []*corev1.ConfigMap{configMap("rootNamespace: mesh"), nil}, root: "istio-system", told: "ConfigMap istio has none: Istio's defaults are taken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &server{Options: Options{IstioNamespace: "istio-system"}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			r := &reloader{s: s, cache: assume.NewCache(mesh.DefaultSettings()), mesh: newClusterMeshConfig(""),
				config: &v1alpha1.Config{Mesh: v1alpha1.Mesh{TrustDomain: "ours"}}}
			for _, found := range c.seen {
				r.meshConfigChanged("istio", found)
			}
			if have := r.cache.View().Stored.Settings().RootNamespace; have != c.root {
				t.Errorf("root namespace %s, want %s", have, c.root)
			}
			if refused, warns, outside := r.mesh.counts(); refused != c.refused || warns != c.warns || outside != c.outside {
				t.Errorf("refused %v, contradicted %v, outside the model %v", refused, warns, outside)
			}
			if told := r.mesh.told(); !strings.HasPrefix(told, c.told) || c.told == "" && told != "" {
				t.Errorf("told %q, want %q", told, c.told)
			}
		})
	}
}

// A configuration that is read again stands on the cluster's MeshConfig too, and what it no longer contradicts is not told.
func TestMeshOfAnotherConfiguration(t *testing.T) {
	s := &server{Options: Options{IstioNamespace: "istio-system"}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	r := &reloader{s: s, cache: assume.NewCache(mesh.DefaultSettings()), mesh: newClusterMeshConfig(""),
		config: &v1alpha1.Config{Mesh: v1alpha1.Mesh{TrustDomain: "ours"}}}
	r.meshConfigChanged("istio", &corev1.ConfigMap{Data: map[string]string{"mesh": "{trustDomain: theirs, trustDomainAliases: [old]}"}})
	if err := r.use(&v1alpha1.Config{Mesh: v1alpha1.Mesh{ClusterDomain: "corp.internal"}}); err != nil {
		t.Fatal(err)
	}
	have := r.cache.View().Stored.Settings()
	if have.TrustDomain != "theirs" || have.ClusterDomain != "corp.internal" || !slices.Equal(have.TrustDomainAliases, []string{"old"}) || r.mesh.told() != "" {
		t.Errorf("%+v, told %q", have, r.mesh.told())
	}
}
